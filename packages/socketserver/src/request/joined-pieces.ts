/** Pieces below this size are copied: that is cheaper than one more write of the engine's. */
const smallBytes = 4_096;

/** The most that small pieces become together: what one TLS record holds. [RFC 8446 5.1] */
const joinedBytes = 16_384;

/** Puts small pieces that follow one another together; large ones stay where they are. */
export function joinSmall(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  if (pieces.length < 2) return pieces;
  const joined: Uint8Array[] = [];
  let run: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const isSmall = piece.length < smallBytes;
    if (run.length > 0 && (!isSmall || bytes + piece.length > joinedBytes)) {
      joined.push(concatenate(run, bytes));
      run = [];
      bytes = 0;
    }
    if (isSmall) {
      run.push(piece);
      bytes += piece.length;
    } else {
      joined.push(piece);
    }
  }
  if (run.length > 0) joined.push(concatenate(run, bytes));
  return joined;
}

function concatenate(run: readonly Uint8Array[], bytes: number): Uint8Array {
  if (run.length === 1) return run[0]!;
  const all = Buffer.allocUnsafe(bytes);
  let end = 0;
  for (const piece of run) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}
