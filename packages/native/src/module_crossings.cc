// Crossings, as JavaScript calls them. Every function gives a number: 0 or what its comment says, or a negative errno.
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "connection.h"
#include "crossing.h"
#include "listener.h"
#include "module.h"

namespace socketserver {

namespace {

constexpr size_t kLoanWords = 2;
constexpr size_t kGuestWords = 3;

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
  const std::shared_ptr<Crossing> crossing = environment.crossings().Find(static_cast<uint32_t>(arguments.Int32(2)));
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

// lend(slot, generation, crossing, next number, after, quota): the thread at the far end accepts the listener's clients.
napi_value Lend(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* listener = arguments.Find<Listener>();
  if (listener == nullptr) return arguments.Return(-EBADF);
  const auto crossing = arguments.environment().crossings().Find(static_cast<uint32_t>(arguments.Int32(2)));
  if (crossing == nullptr) return arguments.Return(-ENOENT);
  const auto quota = static_cast<uint32_t>(arguments.Int32(5));
  return arguments.Return(listener->Lend(crossing, arguments.Int64(3), arguments.Double(4), quota));
}

// takeBack(slot, generation, crossing): the number of the next client; 0 where the listener is gone, with all its loans.
napi_value TakeBack(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* listener = arguments.Find<Listener>();
  const auto crossing = arguments.environment().crossings().Find(static_cast<uint32_t>(arguments.Int32(2)));
  if (listener == nullptr || crossing == nullptr) return arguments.Return(0);
  return arguments.Return(listener->TakeBack(crossing));
}

// hasClients(slot, generation): 1 or 0.
napi_value HasClients(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* listener = arguments.Find<Listener>();
  return arguments.Return(listener != nullptr && listener->HasClients());
}

// lookAtLoan(crossing): a Float64Array: the LoanState, the receiver's milliseconds of CPU time, and of each who was accepted
// since the last look number, host and port.
napi_value LookAtLoan(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const auto crossing = arguments.environment().crossings().Find(static_cast<uint32_t>(arguments.Int32(0)));
  std::vector<Guest> guests;
  double cpu_ms = 0;
  const LoanState state = crossing == nullptr ? LoanState::kNone : crossing->Look(&guests, &cpu_ms);
  const size_t words = kLoanWords + guests.size() * kGuestWords;
  void* memory = nullptr;
  napi_value buffer;
  napi_value array;
  if (napi_create_arraybuffer(env, words * sizeof(double), &memory, &buffer) != napi_ok) return nullptr;
  auto* word = static_cast<double*>(memory);
  *word++ = static_cast<double>(state);
  *word++ = cpu_ms;
  for (const Guest& guest : guests) {
    *word++ = static_cast<double>(guest.number);
    *word++ = guest.host;
    *word++ = guest.port;
  }
  napi_create_typedarray(env, napi_float64_array, words, buffer, 0, &array);
  return array;
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
      {"lend", Lend},
      {"takeBack", TakeBack},
      {"hasClients", HasClients},
      {"lookAtLoan", LookAtLoan},
      },
      functions);
}

}  // namespace socketserver
