# The other side of the tests: udp-over-tcp in a few lines, written from the description of its framing alone.
# Usage: udp_over_tcp.py client UDP-PORT HOST TCP-PORT | server TCP-PORT UDP-PORT
import select, socket, struct, sys


def carry(tcp, udp, peer):
    held = b""
    while True:
        ready, _, _ = select.select([tcp, udp], [], [])
        if udp in ready:
            datagram, peer = udp.recvfrom(65536)
            tcp.sendall(struct.pack(">H", len(datagram)) + datagram)
        if tcp in ready:
            chunk = tcp.recv(65536)
            if not chunk:
                return
            held += chunk
            while len(held) >= 2 and len(held) - 2 >= struct.unpack_from(">H", held)[0]:
                size = 2 + struct.unpack_from(">H", held)[0]
                udp.sendto(held[2:size], peer)
                held = held[size:]


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1] == "client":
    udp.bind(("127.0.0.1", int(sys.argv[2])))
    tcp = socket.create_connection((sys.argv[3], int(sys.argv[4])))
    print("ready", flush=True)
    carry(tcp, udp, None)
else:
    listening = socket.create_server(("", int(sys.argv[2])))
    print("ready", flush=True)
    carry(listening.accept()[0], udp, ("127.0.0.1", int(sys.argv[3])))
