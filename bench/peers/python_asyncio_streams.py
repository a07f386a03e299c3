"""What is served on asyncio's streams: a coroutine a connection."""

import asyncio

from python_burn import burn_five_milliseconds


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def lines(reader, writer):
    async for line in reader:
        writer.write(line)
        await writer.drain()
    writer.close()


async def frames(reader, writer):
    try:
        while True:
            header = await reader.readexactly(4)
            payload = await reader.readexactly(int.from_bytes(header, "big"))
            writer.write(header + payload)
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()


async def source(reader, writer):
    left = int(await reader.readline())
    chunk = b"x" * 65536
    while left > 0:
        piece = chunk if left >= len(chunk) else chunk[:left]
        writer.write(piece)
        await writer.drain()
        left -= len(piece)
    writer.close()


async def sink(reader, writer):
    received = 0
    while data := await reader.read(65536):
        received += len(data)
    writer.write(b"%d" % received)
    writer.close()


async def burn(reader, writer):
    while data := await reader.read(65536):
        burn_five_milliseconds()
        writer.write(data)
        await writer.drain()
    writer.close()


HANDLERS = {"echo": echo, "lines": lines, "frames": frames, "source": source, "sink": sink, "burn": burn}
