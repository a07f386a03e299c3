// Crossings, as JavaScript calls them. Every function gives a number: 0 or what its comment says, or a negative errno.
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "arguments.h"
#include "connection.h"
#include "module.h"

namespace socketserver {

namespace {

// openCrossing(): its number.
napi_value OpenCrossing(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  return arguments.Return(arguments.environment().crossings().Open());
}

// closeCrossing(number)
napi_value CloseCrossing(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.environment().crossings().Close(static_cast<uint32_t>(arguments.Int32(0)));
  return arguments.Return(0);
}

// joinCrossing(number, records)
napi_value JoinCrossing(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const auto number = static_cast<uint32_t>(arguments.Int32(0));
  return arguments.Return(arguments.environment().crossings().Join(env, number, arguments[1]));
}

// takeArrivals(): takes in what was sent, without waiting for the next events; the number of records.
napi_value TakeArrivals(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Crossings& crossings = arguments.environment().crossings();
  return arguments.Return(crossings.Take() ? static_cast<int64_t>(crossings.Enter()) : 0);
}

// arrivalName(index): the host or path of an arrival that has no IPv4 address.
napi_value ArrivalName(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const std::string& name = arguments.environment().crossings().NameOf(static_cast<size_t>(arguments.Int32(0)));
  napi_value text;
  napi_create_string_utf8(env, name.data(), name.size(), &text);
  return text;
}

// cross(slot, generation, crossing, three notes, IPv4 host or text, port or -1): the connection leaves this thread.
// -EBUSY while something waits to be sent.
napi_value Cross(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  Crossing* crossing = environment.crossings().Find(static_cast<uint32_t>(arguments.Int32(2)));
  if (crossing == nullptr) return arguments.Return(-ENOENT);
  environment.Flush();
  auto* connection = arguments.Find<Connection>();
  if (connection == nullptr) return arguments.Return(-EBADF);
  if (connection->HasPendingOutput()) return arguments.Return(-EBUSY);
  Passenger passenger;
  for (int note = 0; note < Passenger::kNotes; note++) passenger.notes[note] = arguments.Double(3 + note);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments[6], &type);
  const int32_t port = arguments.Int32(7);
  passenger.family = type == napi_number ? AF_INET : port < 0 ? AF_UNIX : AF_INET6;
  passenger.port = static_cast<uint16_t>(port);
  if (type == napi_number) {
    passenger.host = static_cast<uint32_t>(arguments.Int64(6));
  } else {
    passenger.name = arguments.Text(6);
  }
  passenger.descriptor = Descriptor(connection->Release());
  environment.Drop(connection->id());
  crossing->Send(std::move(passenger));
  return arguments.Return(0);
}

}  // namespace

void AddCrossingFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions(
      {
      {"openCrossing", OpenCrossing},
      {"closeCrossing", CloseCrossing},
      {"joinCrossing", JoinCrossing},
      {"takeArrivals", TakeArrivals},
      {"arrivalName", ArrivalName},
      {"cross", Cross},
      },
      functions);
}

}  // namespace socketserver
