#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "arguments.h"
#include "module.h"

namespace socketserver {

namespace {

// makePipe(ends): puts the reading and the writing end into an Int32Array of two. [pipe2(2)]
napi_value MakePipe(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* memory = nullptr;
  const napi_status status =
      napi_get_typedarray_info(env, arguments[0], &type, &length, &memory, nullptr, nullptr);
  if (status != napi_ok || type != napi_int32_array || length < 2) return arguments.Return(-EINVAL);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return arguments.Return(-errno);
  static_cast<int32_t*>(memory)[0] = ends[0];
  static_cast<int32_t*>(memory)[1] = ends[1];
  return arguments.Return(0);
}

// closeOnExec(fd): keeps a descriptor from programs that are executed. [fcntl(2) F_SETFD]
napi_value CloseOnExec(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const int flags = fcntl(arguments.Int32(0), F_GETFD);
  const int status = flags < 0 ? flags : fcntl(arguments.Int32(0), F_SETFD, flags | FD_CLOEXEC);
  return arguments.Return(status < 0 ? -errno : 0);
}

}  // namespace

void AddDescriptorFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions({{"makePipe", MakePipe}, {"closeOnExec", CloseOnExec}}, functions);
}

}  // namespace socketserver
