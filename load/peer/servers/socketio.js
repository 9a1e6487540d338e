// A chat server of Socket.IO, as small as it gets: each message of a client goes
// to everybody in its namespace.
//
//   npm install socket.io && node socketio.js 3000
const { Server } = require('socket.io');

const [port = '3000', host = '127.0.0.1'] = process.argv.slice(2);
const http = require('http').createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

function join(socket) {
  socket.on('message', (text) => socket.nsp.emit('message', text));
}
io.on('connection', join); // the namespace /
io.of(/^\/.+$/).on('connection', join); // and every other one
http.listen(Number(port), host);
