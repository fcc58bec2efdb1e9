// An official Socket.IO server: node server.cjs MAJOR AUTH NAMESPACE TOKEN EVENTS.json
// It prints its port, asks for the token in one place, and emits the events to who connects.
const [major, auth, namespace, token, events] = process.argv.slice(2);
const http = require("node:http").createServer();
const socketio = require(`socket.io-${major}`);
const io = major === "2" ? socketio(http) : new socketio.Server(http);
const guard = (socket, next) => {
  const { headers, query } = socket.handshake;
  const sent = { auth: socket.handshake.auth?.token, header: headers.authorization, query: query.token };
  next(sent[auth] === token ? undefined : new Error("Unauthorized"));
};
io.of(namespace).use(guard).on("connection", (socket) => {
  for (const [name, ...args] of require(events)) {
    socket.emit(name, ...args.map((arg) => (arg.buffer === undefined ? arg : Buffer.from(arg.buffer))));
  }
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.on("end", () => process.exit()).resume();
