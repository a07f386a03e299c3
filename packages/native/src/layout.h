// The shape of the memory that C++ and JavaScript share. `lib/layout.ts` says the same, and
// `test/layout.test.ts` compares the two.
#pragma once

#include <cstddef>
#include <cstdint>

namespace socketserver::layout {

// One Int32Array of counters, and of what a call from JavaScript answers beside its return value.
enum HeaderWord : uint32_t {
  kCommandCount,      // commands that wait for the next flush
  kOutgoingUsed,      // bytes used of the outgoing buffer
  kSlabUsed,          // bytes used of the slab
  kEventCount,        // events that a call into JavaScript brings
  kSlotsInUse,        // JavaScript grows the slot table when this reaches its size
  kReplySlot,         // the connection that accept(), connect() or adopt() made
  kReplyGeneration,
  kReplyFd,
  kReplyFamily,       // an address: AddressFamily, IPv4 host as a number, port, bytes of text in `names`
  kReplyHost,
  kReplyPort,
  kReplyNameLength,
  kArrivalCount,      // connections from another thread that a call into JavaScript brings
  kHeaderWords = 16,
};

enum AddressFamily : int32_t { kIPv4 = 4, kIPv6 = 6, kUnix = 1 };

// Per slot: what both sides must know without a call.
// kSlotQueued: bytes that JavaScript has left here and the kernel has not taken; of a port, datagrams that wait.
enum SlotWord : uint32_t { kSlotState, kSlotQueued, kSlotWords };
enum SlotState : int32_t {
  kWanted = 1,    // set by JavaScript: news is welcome
  kReadable = 2,  // set by C++: news may be there already, so who sets kWanted also sends kResume
};

// News from C++: kind, slot, generation and two numbers.
enum EventKind : int32_t {
  kBytes = 1,    // offset and length in the slab
  kLargeBytes,   // index of a spare buffer, and length
  kEnded,        // the peer's FIN
  kDrained,      // everything written was accepted
  kClosed,       // negative errno or 0, Operation
  kReady,        // a listener or a datagram port has something
  kConnected,
  kFileSent,     // low and high word of the bytes sent
  kWritable,     // a datagram port sends again
  kSendFailed,   // negative errno of a datagram that was sent in a batch
};
constexpr uint32_t kEventWords = 5;
constexpr uint32_t kMaxEvents = 1024;

// What failed, for the error's `syscall`.
enum Operation : int32_t { kNoOperation, kRead, kWrite, kConnect, kSendFile };

// Orders from JavaScript: kind, slot, generation, then five numbers.
enum CommandKind : int32_t {
  kSend = 1,   // offset and length in the outgoing buffer
  kEndWrite,
  kClose,
  kResume,
  kSendTo,     // offset, length, IPv4 host, port, and 0 or the IPv4 host of ours that it leaves from
};
enum CommandWord : uint32_t {
  kKind, kSlot, kGeneration, kOffset, kLength, kHost, kPort, kFromHost, kCommandWords
};
constexpr uint32_t kMaxCommands = 4096;
constexpr uint32_t kOutgoingBytes = 128 * 1024;

// Bytes read in small pieces land one after another in the slab; large ones in a spare buffer of their own.
constexpr uint32_t kSlabBytes = 64 * 1024;
constexpr uint32_t kMinSlabRoom = 4 * 1024;
constexpr uint32_t kSpareBytes = 64 * 1024;
constexpr uint32_t kSpares = 4;

constexpr uint32_t kNameBytes = 256;

// A batch of datagrams: one record each. Where the port is bound to any address, the one that a datagram was sent to is
// an IPv4 host, or text behind that of the source.
enum DatagramWord : uint32_t {
  kBytesOffset, kBytesLength, kTruncated, kFamily, kSourceHost, kSourcePort, kNameOffset, kSourceNameLength,
  kLocalHost, kLocalNameLength, kDatagramWords
};
constexpr uint32_t kMaxDatagrams = 64;
// Connections that come by a crossing: one record of 64-bit floating-point numbers each.
enum ArrivalWord : uint32_t {
  kArrivalSlot, kArrivalGeneration, kArrivalFd, kArrivalFamily, kArrivalHost, kArrivalPort, kArrivalNotes,
  kArrivalWords = kArrivalNotes + 3
};
constexpr uint32_t kMaxArrivals = 64;

// Bounds what is read ahead of the handlers, beside the number of datagrams.
constexpr uint32_t kMaxBatchBytes = 1024 * 1024;

}  // namespace socketserver::layout
