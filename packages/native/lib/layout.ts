/**
 * The shape of the memory that C++ and JavaScript share. `src/layout.h` says the same and explains each word;
 * `test/layout.test.ts` compares the two. Plain constants, since an optimizing compiler folds them in.
 */

export const HEADER_WORDS = 16;
export const COMMAND_COUNT = 0;
export const OUTGOING_USED = 1;
export const SLAB_USED = 2;
export const EVENT_COUNT = 3;
export const SLOTS_IN_USE = 4;
export const REPLY_SLOT = 5;
export const REPLY_GENERATION = 6;
export const REPLY_FD = 7;
export const REPLY_FAMILY = 8;
export const REPLY_HOST = 9;
export const REPLY_PORT = 10;
export const REPLY_NAME_LENGTH = 11;
export const ARRIVAL_COUNT = 12;

export const FAMILY_IPV4 = 4;
export const FAMILY_UNIX = 1;

export const SLOT_WORDS = 2;
export const SLOT_STATE = 0;
export const SLOT_QUEUED = 1;
export const WANTED = 1;
export const READABLE = 2;

export const EVENT_WORDS = 5;
export const MAX_EVENTS = 1024;
export const EVENT_BYTES = 1;
export const EVENT_LARGE_BYTES = 2;
export const EVENT_ENDED = 3;
export const EVENT_DRAINED = 4;
export const EVENT_CLOSED = 5;
export const EVENT_READY = 6;
export const EVENT_CONNECTED = 7;
export const EVENT_FILE_SENT = 8;
export const EVENT_WRITABLE = 9;
export const EVENT_SEND_FAILED = 10;

/** What failed, as {@link EVENT_CLOSED} says it: an index gives the error's `syscall`. */
export const OPERATIONS: readonly string[] = ['', 'read', 'write', 'connect', 'sendfile'];

export const COMMAND_WORDS = 8;
export const MAX_COMMANDS = 4096;
export const COMMAND_SEND = 1;
export const COMMAND_END_WRITE = 2;
export const COMMAND_CLOSE = 3;
export const COMMAND_RESUME = 4;
export const COMMAND_SEND_TO = 5;

export const OUTGOING_BYTES = 128 * 1024;
export const SLAB_BYTES = 64 * 1024;
export const MIN_SLAB_ROOM = 4 * 1024;
export const SPARE_BYTES = 64 * 1024;
export const SPARES = 4;
export const NAME_BYTES = 256;

export const DATAGRAM_WORDS = 10;
export const MAX_DATAGRAMS = 64;
export const ARRIVAL_WORDS = 9;
export const MAX_ARRIVALS = 64;
export const ARRIVAL_SLOT = 0;
export const ARRIVAL_GENERATION = 1;
export const ARRIVAL_FD = 2;
export const ARRIVAL_FAMILY = 3;
export const ARRIVAL_HOST = 4;
export const ARRIVAL_PORT = 5;
/** Three numbers of the sender's. */
export const ARRIVAL_NOTES = 6;

/** Of one batch of datagrams. */
export const MAX_BATCH_BYTES = 1024 * 1024;
