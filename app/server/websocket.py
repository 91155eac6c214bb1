"""The live channel: a latent goes in, a picture comes back, and the newest gesture wins.

Wire protocol, the same in both directions and the only place where it is written down:

    message := length (little-endian u32) + header (UTF-8 JSON, `length` bytes) + payload

    request, always with id, slot and op
        show     operations: [operation, …] 1 to 16, of 1024 rows together; rate?: bytes a second, as measured
                 payload: what the operations take, one after the other: float32 little-endian, pictures uint8 NHWC of
                 the model's own size
            decode      {verb, model, rows, y?: int | [int], columns?: int}
                        takes z, rows × latent
            reconstruct {verb, model, rows, y?, columns?, seed?: int | [int], terms?: bool}
                        takes pictures, rows. With a seed z is a draw of the posterior, by that seed's own noise, in
                        place of its mean; without terms neither rate nor distortion
            distance    {verb, model, rows}, of a model that classifies
                        takes pictures, 2 · rows: first all originals, then what each is compared with
            invert      {verb, model, rows, steps, y?, columns?}, rows at most 16, steps at most 25
                        takes pictures, rows, then rows × (3 · latent + 1): z | first moment | second moment | steps
                        done; to begin, z of your choice and 0 for the rest, to go on, the state of the last answer
            latents     {verb, model, seeds: [int], truncation?: number}
            posterior   {verb, model}
            directions  {verb, model}
            wall        {verb, model, seeds: [int], y?, truncation?, columns?}: of any model that decodes or samples
            pictures    {verb, model, seeds: [int], y?, columns?}: real ones, of the data that the model learnt from
            nearest     {verb, model, rows, neighbours?, columns?}, at most 12 neighbours, of the gathered training
                        pictures of the model's data: by pixels or, of a model that classifies, by its features
                        takes pictures, rows
            classify    {verb, model, rows}, of a model that classifies
                        takes pictures, rows
            score       {verb, model, rows, y?}, of a model that scores or bounds
                        takes pictures, rows
            points      {verb, model, seeds: [int], truncation?}: of a toy, which draws points of the plane
            complete    {verb, model, rows, seed: int | [int], first, last, y?, terms?: bool}, rows at most 16: the
                        hidden pixels among first … last − 1, a pixel being row · width + column, of a model that
                        draws pixel by pixel; without terms no chances
                        takes pictures, rows, then masks, rows × height × width bytes, 1 where a pixel is hidden
            surprise    {verb, model, rows, y?}
                        takes pictures, rows
            receptive   {verb, model, rows, first, y?}, rows at most 16: of the pixel first
                        takes pictures, rows
            masks       {verb, model}
        cancel   nothing more: gives up the request of this slot that has this id. Neither of them is answered
        keep     token: 22 to 64 letters, digits, - and _; view: {…} of at most 64 KB
        recall   token
        blind    models: [name], kind: "models" | "single", real?: true: begins a blind round, see app/blind.py
        reveal   round; guesses: [name | "real" | null], one for each column; of a single picture any name means made

    answer, always with id and slot
        show     ms: {queue, model, encode}; results: in the order asked for, all in one message
                 payload: that of each result, one after the other, `bytes` long each
            decode      {model, verb, bytes, shape: [n, h, w, c], columns, format}; format "raw": uint8 NHWC,
                        "jpeg" or "webp": one sheet of n tiles, `columns` to a row
            reconstruct as decode, and latent: [n, latent]: z, float32, follows the pictures; drawn: whether z is a
                        draw; with terms, of models that bound, also rate: [n], distortion: [n]: log q(z|x)/p(z) and
                        −log p(x|z) in nats, means of 8 draws, the first by the seed, or by 0 if none is given, the
                        rate in closed form where there is one; and rate_error, distortion_error, elbo_error: [n]: the
                        standard errors of these and of their sum; null where a number is not finite.
                        Where z is the mean, of models that know their training pictures also strangeness: [n] and
                        its parts texture: [n] and turned: [n], see engine/analysis/familiarity.py
            distance    {model, verb, bytes, shape: [n], format: "float32"}: squared distances in the model's features
                        over the total variance of these on test pictures: 1 is as far as these are from their mean
            invert      as decode, and state: [n, 3 · latent + 1], losses: [steps, n]: the new state and then the mean
                        squared error of a pixel before each step, float32, follow the pictures of where it got
            classify    {model, verb, bytes, shape: [n, answers], format: "float32"}: logits
            score       {model, verb, bytes, shape: [n, classes] or [0], format: "float32"}: log p(x|y) of each class,
                        of a class-conditional model; log_prob: [n] or, of models that bound, elbo: [n], in nats, of the
                        class given or else the log of the mean over classes; file_bits: [n]: of each as a file
            latents     {model, verb, bytes, shape: [n, latent], format: "float32"}: z
            posterior   {model, verb, bytes, shape: [m, latent], format: "float32", labels?: true}: z, followed by m
                        int16 labels where `labels` is true
            directions  {model, verb, bytes, shape: [n, latent], format: "float32", directions: [{name, kind, value,
                        base, mean, deviation, protocol, reach}, …]}: unit vectors, and a note on each as
                        engine/checkpoints/directions.py has it
            wall, pictures  as decode: the pictures of draws by seed; y is one class, or one for each seed
            nearest     as decode, of rows × neighbours pictures, those of a row behind each other, the nearest first;
                        and apart: [rows, neighbours]: their distances, float32, follow the pictures: the root of a
                        pixel's mean squared error or, in features, the root of what distance gives
            points      {model, verb, bytes, shape: [n, 2], format: "float32"}
            complete    as decode, always raw, so that it can be given again to go on; with terms also chances:
                        [n, last − first, channel, levels]: those that each value had, given all before it, float32,
                        follow the pictures; 0 at a pixel that is not hidden
            surprise    {model, verb, bytes, shape: [n, height, width], format: "float32"}: bits of each pixel, all its
                        channels together, given those before it: −log2 p
            receptive   {model, verb, bytes, shape: [n, height, width], format: "float32"}: by how much the mean of the
                        pixel's distribution changes with each other, the slope's size: 0 where it does not see
            masks       {model, verb, bytes, shape: [n, side, side], format: "float32", masks: [{name}, …]}: what the
                        layers of the model see around a pixel, which stands in the middle: 1, else 0
            trouble     {model, verb, error}: a sentence for the person, no payload
                 each result that is no error also has ms: {queue, model}, its own
                 `model` of a wall may be a column of a blind round, if the message asks for all of them at the same
                 seeds; its answer repeats the column and holds no times
        keep     kept: true
        recall   view: {…}, or null where nothing is kept under the token
        blind    round, columns: [str], in their order on the page
        reveal   columns: [name | "real"], right: [bool], shift: what the server had added to the seeds
        trouble  error: a sentence for the person, where the whole request failed or its message is malformed; id and
                 slot are null where they cannot be read

    push     {engine: "starting" | "ready" | "restarting" | "lost"}, as the socket opens and at each change

`ms` holds milliseconds by stage, the largest of the results. A client keeps one request in flight per slot and draws no
answer but to its newest. Where a client asks faster, only the newest request of a slot is kept and the older go
unanswered. While the engine restarts, requests wait. A socket is closed with a reason where it sends too much: a
message of more than a MiB, more slots or more messages a second than any page needs. It harms nobody else.

Sockets of one person take turns with other people's as one. A person is who the address of the socket names,
/live?person=ID of 22 to 64 letters, digits, - and _, or else the network address that it comes from; an ID may have 16
sockets at a time, a network address without ID 64. An ID opens nothing: it is not the token of a view.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.blind import Rounds
from app.engine_client import EngineClient
from app.server import protocol
from app.server.connection import Connection, Person, TooMany
from app.server.errors import BROKEN, POLICY, ProtocolError
from app.server.gate import address_of
from app.server.pictures import Codec
from engine.serving.protocol import State

MOST = 16
"""Sockets of one person: a page has one, and some more may not know yet that their network is gone."""
MOST_NAMELESS = 64
"""Sockets of all programs at one network address that name nobody."""
CROWDED = "Too many sockets of one person are open. Close other pages of this Zoetrope and reload this one."


class Live:
    """The WebSocket endpoint: a connection for each socket, and what all connections share."""

    def __init__(self, client: EngineClient) -> None:
        self.client, self.codec, self.rounds, self.people = client, Codec(), Rounds(), dict[str, Person]()
        self.encoders = ThreadPoolExecutor(2, "encode")  # a sheet takes milliseconds, which the event loop has not
        self.shelf = ThreadPoolExecutor(1, "store")  # writes wait for the disk, one after the other
        self.loop: asyncio.AbstractEventLoop | None = None
        client.watch(self._changed)

    def _changed(self, state: State) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self.loop.call_soon_threadsafe(self._tell, state)

    def _tell(self, state: State) -> None:
        for person in self.people.values():
            for connection in person.connections:
                connection.tell(state)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one socket until either side closes it."""
        await websocket.accept()
        self.loop = asyncio.get_running_loop()
        name = person(websocket)
        who = self.people.setdefault(name, Person(name))
        if len(who.connections) >= (MOST if named(websocket) else MOST_NAMELESS):
            await websocket.close(POLICY, CROWDED)
            return
        connection = Connection(websocket, self.client, self.codec, self.rounds, self.encoders, self.shelf, who)
        who.connections.add(connection)
        ends = asyncio.create_task(connection.read()), asyncio.create_task(connection.write())
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._leave(who, connection)
            for end in ends:
                end.cancel()
        await _close(websocket, await asyncio.gather(*ends, return_exceptions=True))

    def _leave(self, who: Person, connection: Connection) -> None:
        who.connections.discard(connection)
        connection.leave()
        if not who.connections:
            self.client.forget(who.name)
            self.people.pop(who.name, None)


def named(connection: HTTPConnection) -> bool:
    """Whether an address says who asks."""
    return protocol.TOKEN.fullmatch(connection.query_params.get("person", "")) is not None


def person(connection: HTTPConnection) -> str:
    """Tell people apart: by the ID in the address, or else by where in the network they are."""
    return connection.query_params["person"] if named(connection) else address_of(connection)


async def _close(websocket: WebSocket, ends: Sequence[BaseException | None]) -> None:
    """Close a socket with the reason for which its reader or its writer ended."""
    reason = next((end for end in ends if isinstance(end, TooMany | ProtocolError)), None)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it may be closed already
        if reason is not None:
            await websocket.close(reason.code, reason.reason)
        elif not any(isinstance(end, WebSocketDisconnect) for end in ends):
            await websocket.close(BROKEN, "The live channel stopped; it opens again by itself.")
