"""asyncio, with its streams or its protocols, on its own loop or on uvloop."""

import asyncio

from python_command_line import announce, read_server_command


class EchoProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class DatagramEchoProtocol(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


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


STREAM_HANDLERS = {"echo": echo, "lines": lines, "frames": frames}


async def start_server(command):
    if command.style == "streams":
        handler = STREAM_HANDLERS[command.workload]
        return await asyncio.start_server(handler, "127.0.0.1", command.port, backlog=1024)
    if command.workload != "echo":
        raise SystemExit(f"python_asyncio.py --style protocol does not serve {command.workload}")
    loop = asyncio.get_running_loop()
    return await loop.create_server(EchoProtocol, "127.0.0.1", command.port, backlog=1024)


async def serve(command):
    if command.transport == "udp":
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            DatagramEchoProtocol, local_addr=("127.0.0.1", command.port)
        )
        announce(transport.get_extra_info("sockname")[1])
        await loop.create_future()
    server = await start_server(command)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main():
    command = read_server_command(style=["streams", "protocol"], loop=["asyncio", "uvloop"])
    if command.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(serve(command))


main()
