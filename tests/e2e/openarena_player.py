"""A Quake 3 player as far as the game's door: challenge and connect, as the client of ioquake3 says them. There is no picture, and so no client."""

import socket

OUT_OF_BAND = b"\xff" * 4
PROTOCOL = 71  # Of OpenArena.
REPEAT_AFTER = 3  # Seconds, as clients do.


class Node:
    def __init__(self, symbol=None, weight=0):
        self.symbol, self.weight = symbol, weight
        self.left = self.right = self.parent = self.next = self.prev = self.head = None


class Huffman:
    """The adaptive code that a connect is packed with (huffman.c of ioquake3, FGK): both ends grow the same tree while they go."""

    def __init__(self):
        self.known = {}
        self.empty = self.lowest = self.root = Node()
        self.bits = []

    def packed(self, data):
        for byte in data:
            if byte in self.known:
                self.say(self.known[byte])
            else:
                self.say(self.empty)
                self.bits += [byte >> i & 1 for i in range(7, -1, -1)]
            self.count(byte)
        # Eight bits more than needed, as the original does.
        out = bytearray(len(self.bits) // 8 + 1)
        for i, bit in enumerate(self.bits):
            out[i // 8] |= bit << i % 8
        return len(data).to_bytes(2, "big") + bytes(out)

    def say(self, node):
        path = []
        while node.parent:
            path.append(int(node.parent.right is node))
            node = node.parent
        self.bits += path[::-1]

    def count(self, byte):
        if byte in self.known:
            return self.heavier(self.known[byte])
        inner, leaf, low = Node(weight=1), Node(byte, 1), self.lowest
        for node in (inner, leaf):
            node.next, node.prev = low.next, low
            if low.next:
                low.next.prev = node
                node.head = low.next.head if low.next.weight == 1 else [node]
            else:
                node.head = [node]
            low.next = node
        self.replace(low, inner)
        inner.left, inner.right = low, leaf
        low.parent = leaf.parent = inner
        self.known[byte] = leaf
        self.heavier(inner.parent)

    def replace(self, node, by):
        by.parent = node.parent
        if node.parent is None:
            self.root = by
        elif node.parent.left is node:
            node.parent.left = by
        else:
            node.parent.right = by

    def heavier(self, node):
        if node is None:
            return
        if node.next and node.next.weight == node.weight:
            first = node.head[0]
            if first is not node.parent:
                self.swap(first, node)
            self.swap_in_list(first, node)
        if node.prev and node.prev.weight == node.weight:
            node.head[0] = node.prev
        else:
            node.head[0] = None
        node.weight += 1
        node.head = node.next.head if node.next and node.next.weight == node.weight else [node]
        if node.parent:
            self.heavier(node.parent)
            if node.prev is node.parent:
                self.swap_in_list(node, node.parent)
                if node.head[0] is node:
                    node.head[0] = node.parent

    def swap(self, a, b):
        places = [(n.parent, n.parent and n.parent.left is n) for n in (a, b)]
        for node, (parent, is_left) in ((a, places[1]), (b, places[0])):
            if parent is None:
                self.root = node
            elif is_left:
                parent.left = node
            else:
                parent.right = node
            node.parent = parent

    @staticmethod
    def swap_in_list(a, b):
        a.next, b.next = b.next, a.next
        a.prev, b.prev = b.prev, a.prev
        if a.next is a:
            a.next = b
        if b.next is b:
            b.next = a
        if a.prev is a:
            a.prev = b
        if b.prev is b:
            b.prev = a
        for node in (a, b):
            if node.next:
                node.next.prev = node
            if node.prev:
                node.prev.next = node


def words(text):
    return OUT_OF_BAND + text.encode()


class Player:
    def __init__(self, name, host, port):
        self.name = name
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.socket.settimeout(REPEAT_AFTER)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, question, answer, tries):
        """What comes after that word, or None when nobody has said it however often it was asked."""
        for _ in range(tries):
            self.socket.send(question)
            try:
                while not (heard := self.socket.recv(4096)).startswith(words(answer)):
                    pass
            except (socket.timeout, ConnectionRefusedError):
                continue
            return heard[len(words(answer)):].decode(errors="replace")
        return None

    def info(self):
        """The server's information as a list of servers asks for it."""
        text = self.ask(words("getinfo gk"), "infoResponse\n", 3)
        return text and dict(zip(*[iter(text.strip("\\").split("\\"))] * 2))

    def status(self):
        text = self.ask(words("getstatus gk"), "statusResponse\n", 3)
        return text and dict(zip(*[iter(text.split("\n")[0].strip("\\").split("\\"))] * 2))

    def connect(self, tries):
        """True once the game has given this player a place."""
        challenge = self.ask(words("getchallenge 4711 Quake3Arena"), "challengeResponse ", tries)
        if challenge is None:
            return False
        # Of two with the same address and qport the game takes the second for the first, who comes again.
        port = self.socket.getsockname()[1]
        who = {"challenge": challenge.split()[0], "qport": port, "protocol": PROTOCOL, "name": self.name, "rate": 25000, "snaps": 20,
               "model": "sarge", "headmodel": "sarge", "handicap": 100, "color1": 4, "color2": 5, "sex": "male", "cl_guid": "%032X" % port}
        text = '"' + "".join(f"\\{key}\\{value}" for key, value in who.items()) + '"'
        return self.ask(words("connect ") + Huffman().packed(text.encode()), "connectResponse", tries) is not None
