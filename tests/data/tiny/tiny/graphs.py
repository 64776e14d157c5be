"""Directed graphs with weights."""

import heapq
from collections import deque


class CycleError(ValueError):
    """There is a cycle; its nodes are in `nodes`."""

    def __init__(self, nodes):
        super().__init__("cycle: " + " -> ".join(str(node) for node in nodes))
        self.nodes = nodes


class Graph:
    """Nodes and weighted arrows between them."""

    def __init__(self, arrows=()):
        self._out = {}
        for arrow in arrows:
            self.connect(*arrow)

    def add(self, node):
        """Add a node; adding it again changes nothing."""
        self._out.setdefault(node, {})

    def connect(self, start, end, weight=1):
        """Add an arrow; a second one between the same nodes replaces the first."""
        if weight < 0:
            raise ValueError("weights must not be negative")
        self.add(start)
        self.add(end)
        self._out[start][end] = weight

    def nodes(self):
        """All nodes, in the order added."""
        return list(self._out)

    def successors(self, node):
        """Where a node's arrows end."""
        return list(self._out[node])

    def degree(self, node):
        """Arrows that start or end at a node."""
        incoming = sum(1 for ends in self._out.values() if node in ends)
        return len(self._out[node]) + incoming

    def reversed(self):
        """The graph with every arrow turned."""
        turned = Graph()
        for node in self._out:
            turned.add(node)
        for start, ends in self._out.items():
            for end, weight in ends.items():
                turned.connect(end, start, weight)
        return turned

    def reachable(self, start):
        """Nodes that can be reached, nearest first, the start included."""
        seen = {start}
        order = []
        queue = deque([start])
        while queue:
            node = queue.popleft()
            order.append(node)
            for end in self._out.get(node, {}):
                if end not in seen:
                    seen.add(end)
                    queue.append(end)
        return order

    def shortest(self, start, goal):
        """(length, nodes) of a shortest path, or None."""
        best = {start: 0}
        came = {}
        heap = [(0, 0, start)]
        tick = 0
        done = set()
        while heap:
            length, _, node = heapq.heappop(heap)
            if node in done:
                continue
            done.add(node)
            if node == goal:
                path = [node]
                while node in came:
                    node = came[node]
                    path.append(node)
                return length, path[::-1]
            for end, weight in self._out.get(node, {}).items():
                longer = length + weight
                if end not in best or longer < best[end]:
                    best[end] = longer
                    came[end] = node
                    tick += 1
                    heapq.heappush(heap, (longer, tick, end))
        return None

    def order(self):
        """Nodes so that arrows point forward; raises CycleError."""
        waiting = {node: 0 for node in self._out}
        for ends in self._out.values():
            for end in ends:
                waiting[end] += 1
        ready = deque(node for node, count in waiting.items() if count == 0)
        out = []
        while ready:
            node = ready.popleft()
            out.append(node)
            for end in self._out[node]:
                waiting[end] -= 1
                if waiting[end] == 0:
                    ready.append(end)
        if len(out) < len(self._out):
            raise CycleError(self.cycle())
        return out

    def cycle(self):
        """The nodes of some cycle, or None."""
        white, grey, black = 0, 1, 2
        colour = {node: white for node in self._out}
        stack = []

        def visit(node):
            colour[node] = grey
            stack.append(node)
            for end in self._out[node]:
                if colour[end] == grey:
                    return stack[stack.index(end):] + [end]
                if colour[end] == white:
                    found = visit(end)
                    if found is not None:
                        return found
            stack.pop()
            colour[node] = black
            return None

        for node in self._out:
            if colour[node] == white:
                found = visit(node)
                if found is not None:
                    return found
        return None

    def components(self):
        """Sets of nodes that hang together, whatever the arrows' direction; largest first."""
        both = {node: set(ends) for node, ends in self._out.items()}
        for start, ends in self._out.items():
            for end in ends:
                both[end].add(start)
        seen = set()
        found = []
        for node in self._out:
            if node in seen:
                continue
            group = set()
            todo = [node]
            while todo:
                current = todo.pop()
                if current in group:
                    continue
                group.add(current)
                todo.extend(both[current] - group)
            seen |= group
            found.append(group)
        found.sort(key=len, reverse=True)
        return found


def spanning_tree(edges):
    """Edges (weight, a, b) of a cheapest spanning forest, cheapest first."""
    parent = {}

    def root(node):
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    kept = []
    for weight, a, b in sorted(edges):
        first, second = root(a), root(b)
        if first != second:
            parent[first] = second
            kept.append((weight, a, b))
    return kept
