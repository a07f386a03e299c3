"""asyncio, with its streams or its protocols, on its own loop or on uvloop."""

import asyncio
import ssl

from python_asyncio_protocols import PROTOCOLS, DatagramEcho
from python_asyncio_streams import HANDLERS
from python_command_line import announce, read_server_command


def secure_context(command):
    if command.transport != "tls":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(command.cert, command.key)
    return context


async def start_server(command):
    loop = asyncio.get_running_loop()
    options = {"backlog": 1024, "ssl": secure_context(command)}
    is_unix = command.transport == "unix"
    where = [command.path] if is_unix else ["127.0.0.1", command.port]
    if command.style == "streams":
        start = asyncio.start_unix_server if is_unix else asyncio.start_server
        return await start(HANDLERS[command.workload], *where, **options)
    create = loop.create_unix_server if is_unix else loop.create_server
    return await create(PROTOCOLS[command.workload], *where, **options)


async def serve_datagrams(command):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(DatagramEcho, local_addr=("127.0.0.1", command.port))
    announce(transport.get_extra_info("sockname")[1])
    await loop.create_future()


async def serve(command):
    if command.transport == "udp":
        return await serve_datagrams(command)
    server = await start_server(command)
    announce(command.path if command.transport == "unix" else server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main():
    command = read_server_command(style=["streams", "protocol"], loop=["asyncio", "uvloop"])
    if command.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(serve(command))


main()
