# The same server as socketio.js, with python-socketio, another implementation of
# the protocol:
#
#   apt-get install python3-socketio python3-aiohttp
#   /usr/bin/python3 python_socketio.py 3000
import sys

from aiohttp import web

import socketio

port = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
host = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
server = socketio.AsyncServer(async_mode="aiohttp", transports=["websocket"])


def chat(namespace):
    @server.on("connect", namespace=namespace)
    async def connect(sid, environ):
        pass

    @server.on("message", namespace=namespace)
    async def message(sid, text):
        await server.emit("message", text, namespace=namespace)


for name in ["/", "/load"] + [f"/load-{i}" for i in range(1, 101)]:
    chat(name)
app = web.Application()
server.attach(app)
web.run_app(app, host=host, port=port, print=None)
