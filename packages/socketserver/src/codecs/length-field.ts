/** How a length stands in a fixed number of bytes. */
export interface LengthField {
  readonly bytes: number;
  /** The greatest length that fits; of eight bytes the greatest that is an exact number. */
  readonly max: number;
  /** Above `max` it is only known to be above. */
  read(bytes: Buffer): number;
  write(bytes: Buffer, length: number): void;
}

const word = 2 ** 32;

const oneByte: LengthField = {
  bytes: 1,
  max: 0xff,
  read: (bytes) => bytes[0]!,
  write: (bytes, length) => void (bytes[0] = length),
};

/** By the byte that comes first, and the number of bytes. */
export const lengthFields = {
  big: {
    1: oneByte,
    2: {
      bytes: 2,
      max: 0xffff,
      read: (bytes) => bytes.readUInt16BE(0),
      write: (bytes, length) => void bytes.writeUInt16BE(length),
    },
    4: {
      bytes: 4,
      max: word - 1,
      read: (bytes) => bytes.readUInt32BE(0),
      write: (bytes, length) => void bytes.writeUInt32BE(length),
    },
    8: {
      bytes: 8,
      max: Number.MAX_SAFE_INTEGER,
      read: (bytes) => bytes.readUInt32BE(0) * word + bytes.readUInt32BE(4),
      write(bytes, length) {
        bytes.writeUInt32BE(Math.floor(length / word));
        bytes.writeUInt32BE(length % word, 4);
      },
    },
  },
  little: {
    1: oneByte,
    2: {
      bytes: 2,
      max: 0xffff,
      read: (bytes) => bytes.readUInt16LE(0),
      write: (bytes, length) => void bytes.writeUInt16LE(length),
    },
    4: {
      bytes: 4,
      max: word - 1,
      read: (bytes) => bytes.readUInt32LE(0),
      write: (bytes, length) => void bytes.writeUInt32LE(length),
    },
    8: {
      bytes: 8,
      max: Number.MAX_SAFE_INTEGER,
      read: (bytes) => bytes.readUInt32LE(0) + bytes.readUInt32LE(4) * word,
      write(bytes, length) {
        bytes.writeUInt32LE(length % word);
        bytes.writeUInt32LE(Math.floor(length / word), 4);
      },
    },
  },
} as const satisfies Record<'big' | 'little', Record<1 | 2 | 4 | 8, LengthField>>;
