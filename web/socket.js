// The WebSocket behind the core's transport effects. Attempts are told apart by number.

export class Socket {
  constructor(bridge) {
    this.bridge = bridge;
    this.sockets = new Map();
  }

  open(attempt, url) {
    let socket;
    try {
      socket = new WebSocket(url, 'parley.v1');
    } catch (error) {
      queueMicrotask(() => this.bridge.call('parley_socket_closed', attempt, 0, String(error.message)));
      return;
    }
    socket.binaryType = 'arraybuffer';
    this.sockets.set(attempt, socket);
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.bridge.call('parley_socket_open', attempt);
    };
    socket.onmessage = ({ data }) => {
      // The server answers parley.v1 in binary only; a text message is not ours to read.
      if (data instanceof ArrayBuffer) this.bridge.call('parley_socket_bytes', attempt, new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      this.sockets.delete(attempt);
      this.bridge.call('parley_socket_closed', attempt, code, reason || describe(opened));
    };
  }

  send(attempt, bytes) {
    const socket = this.sockets.get(attempt);
    if (socket?.readyState === WebSocket.OPEN) socket.send(bytes);
  }

  close(attempt) {
    this.sockets.get(attempt)?.close(1000);
  }

  // The client that opened them is gone: its successor must not hear of them.
  closeAll() {
    for (const socket of this.sockets.values()) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
    this.sockets.clear();
  }
}

function describe(opened) {
  if (!navigator.onLine) return 'this device is offline';
  return opened ? 'the connection was lost' : 'the server did not answer';
}
