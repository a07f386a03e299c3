#include "module.h"

#include <node_api.h>

#include <cerrno>

#include "arguments.h"
#include "environment.h"
#include "layout.h"

namespace socketserver {

namespace {

// open(header, events, commands, outgoing, names, datagrams, slots, dispatch): 0 or a negative errno.
napi_value Open(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  if (environment.IsOpen()) return arguments.Return(-EALREADY);
  Mailbox& mailbox = environment.mailbox();
  const bool attached = mailbox.AttachHeader(env, arguments[0]) && mailbox.AttachEvents(env, arguments[1]) &&
                        mailbox.AttachCommands(env, arguments[2]) && mailbox.AttachOutgoing(env, arguments[3]) &&
                        mailbox.AttachNames(env, arguments[4]) && mailbox.AttachDatagrams(env, arguments[5]) &&
                        mailbox.AttachSlots(env, arguments[6]);
  return arguments.Return(attached ? environment.Open(arguments[7]) : -EINVAL);
}

// setSlots(slots): whether the table was taken.
napi_value SetSlots(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  return arguments.Return(arguments.environment().mailbox().AttachSlots(env, arguments[0]));
}

napi_value SetSlab(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  return arguments.Return(arguments.environment().inbox().SetSlab(env, arguments[0]));
}

// setSpare(index, buffer)
napi_value SetSpare(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const auto index = static_cast<uint32_t>(arguments.Int32(0));
  return arguments.Return(arguments.environment().inbox().SetSpare(env, index, arguments[1]));
}

napi_value Flush(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.environment().Flush();
  return nullptr;
}

// The sizes that lib/layout.ts repeats, for the test that compares them.
void ExportLayout(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    uint32_t value;
  } sizes[] = {
      {"headerWords", layout::kHeaderWords},     {"slotWords", layout::kSlotWords},
      {"eventWords", layout::kEventWords},       {"maxEvents", layout::kMaxEvents},
      {"commandWords", layout::kCommandWords},   {"maxCommands", layout::kMaxCommands},
      {"outgoingBytes", layout::kOutgoingBytes}, {"slabBytes", layout::kSlabBytes},
      {"minSlabRoom", layout::kMinSlabRoom},     {"spareBytes", layout::kSpareBytes},
      {"spares", layout::kSpares},               {"nameBytes", layout::kNameBytes},
      {"datagramWords", layout::kDatagramWords}, {"maxDatagrams", layout::kMaxDatagrams},
      {"maxBatchBytes", layout::kMaxBatchBytes}, {"arrivalWords", layout::kArrivalWords},
      {"maxArrivals", layout::kMaxArrivals},
  };
  napi_value object;
  napi_create_object(env, &object);
  for (const auto& size : sizes) {
    napi_value number;
    napi_create_uint32(env, size.value, &number);
    napi_set_named_property(env, object, size.name, number);
  }
  napi_set_named_property(env, exports, "layout", object);
}

napi_value Init(napi_env env, napi_value exports) {
  Environment* environment = Environment::Create(env);
  std::vector<napi_property_descriptor> functions;
  AddFunctions({{"open", Open}, {"setSlots", SetSlots}, {"setSlab", SetSlab}, {"setSpare", SetSpare}, {"flush", Flush}},
               &functions);
  AddListenerFunctions(&functions);
  AddConnectionFunctions(&functions);
  AddDatagramFunctions(&functions);
  AddDescriptorFunctions(&functions);
  AddCrossingFunctions(&functions);
  AddProcessFunctions(&functions);
  for (napi_property_descriptor& function : functions) function.data = environment;
  napi_define_properties(env, exports, functions.size(), functions.data());
  ExportLayout(env, exports);
  return exports;
}

}  // namespace

void AddFunctions(std::initializer_list<Function> added, std::vector<napi_property_descriptor>* functions) {
  for (const Function& function : added) {
    functions->push_back({function.name, nullptr, function.callback, nullptr, nullptr, nullptr, napi_default, nullptr});
  }
}

}  // namespace socketserver

NAPI_MODULE_INIT() { return socketserver::Init(env, exports); }
