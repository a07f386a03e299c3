#pragma once

#include "address.h"
#include "descriptor.h"

namespace socketserver {

// Takes the client that has waited longest. Gives 0, -EAGAIN when nobody waits, or what accept4(2) failed with.
int AcceptFrom(int fd, Descriptor* connection, Address* remote);

}  // namespace socketserver
