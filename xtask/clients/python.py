"""Python's http.client and urllib, which follow the letter of HTTP/1.1 and hide little of it."""

import http.client
import json
import select
import socket
import sys
import time
import urllib.error
import urllib.request

BASE, KEPT = sys.argv[1], sys.argv[2] == "kept"
HOST = BASE.removeprefix("http://")
# Seconds that any single read or write may take; a serial server keeps strangers waiting for one.
TIMEOUT = 20
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def connect(version=None):
    connection = http.client.HTTPConnection(HOST, timeout=TIMEOUT)
    if version == "1.0":
        connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    return connection


def ask(connection, method, target, body=None, headers=None, **options):
    connection.request(method, target, body, headers or {}, **options)
    response = connection.getresponse()
    return response, response.read()


def same(got, wanted):
    assert got == wanted, f"wanted {wanted!r}, got {got!r}"


@check
def get():
    response, body = ask(connect(), "GET", "/")
    same((response.status, response.version, body), (200, 11, b"Hello, World!"))
    same(response.getheader("Connection"), None if KEPT else "close")


@check
def head():
    response, body = ask(connect(), "HEAD", "/bytes?n=1000")
    same((response.status, response.getheader("Content-Length"), body), (200, "1000", b""))


@check
def post():
    same(ask(connect(), "POST", "/echo", b"text")[1], b"text")
    same(ask(connect(), "POST", "/echo", b"")[1], b"")
    large = bytes(range(256)) * 4000
    same(ask(connect(), "POST", "/echo", large)[1], large)


@check
def put_is_not_allowed():
    response, _ = ask(connect(), "PUT", "/echo", b"text")
    same((response.status, response.getheader("Allow")), (405, "POST, OPTIONS"))


@check
def chunks_of_an_iterable():
    parts = [b"one, ", b"two, ", b"x" * 100_000, b"!"]
    response, body = ask(connect(), "POST", "/echo", iter(parts), encode_chunked=True,
                         headers={"Transfer-Encoding": "chunked"})
    same((response.status, body), (200, b"".join(parts)))


@check
def chunks_sent_with_pauses():
    def parts():
        for part in (b"a", b"b", b"c"):
            time.sleep(0.1)
            yield part
    same(ask(connect(), "POST", "/echo", parts())[1], b"abc")


@check
def http_1_0():
    response, body = ask(connect("1.0"), "GET", "/")
    same((response.status, body, response.will_close), (200, b"Hello, World!", True))
    same(ask(connect("1.0"), "POST", "/echo", b"text")[1], b"text")


@check
def http_1_0_with_keep_alive():
    connection = connect("1.0")
    response, _ = ask(connection, "GET", "/", headers={"Connection": "keep-alive"})
    same(response.will_close, not KEPT)
    same(ask(connection, "GET", "/")[1], b"Hello, World!")


@check
def several_requests_on_one_connection():
    connection, ports = connect(), set()
    for number in range(20):
        connection.connect() if connection.sock is None else None
        ports.add(connection.sock.getsockname()[1])
        body = str(number).encode()
        same(ask(connection, "POST", "/echo", body)[1], body)
    same(len(ports), 1 if KEPT else 20)


@check
def many_headers():
    headers = {f"X-Number-{n}": str(n) for n in range(90)}
    _, body = ask(connect(), "GET", "/headers", headers=headers)
    for n in range(90):
        assert f"X-Number-{n}: {n}\n".encode() in body, f"X-Number-{n} is missing"


@check
def expect_100_continue():
    connection = connect()
    connection.putrequest("POST", "/echo")
    connection.putheader("Content-Length", "5")
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    readable, _, _ = select.select([connection.sock], [], [], TIMEOUT)
    assert readable, "no leave to send the body"
    connection.send(b"hello")
    response = connection.getresponse()
    same((response.status, response.read()), (200, b"hello"))


@check
def expectation_answered_at_once():
    connection = connect()
    connection.putrequest("POST", "/echo")
    connection.putheader("Content-Length", "2000000")
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    response = connection.getresponse()
    same((response.status, len(response.read()) > 0), (413, True))


@check
def eight_megabytes_read_slowly():
    connection = connect()
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    connection.request("GET", "/bytes?n=8000000")
    response, total = connection.getresponse(), 0
    while part := response.read(64 * 1024):
        assert part == b"x" * len(part), "the body is garbled"
        total += len(part)
        time.sleep(0.01)
    same(total, 8_000_000)


@check
def uploads_that_are_too_large_are_refused_whole():
    for _ in range(20):
        response, body = ask(connect(), "POST", "/echo", b"x" * 2_000_000)
        same(response.status, 413)
        same(len(body), int(response.getheader("Content-Length")))


@check
def chunks_that_are_too_many_are_refused_whole():
    for _ in range(20):
        response, body = ask(connect(), "POST", "/echo", iter([b"x" * 50_000] * 40))
        same(response.status, 413)
        same(len(body), int(response.getheader("Content-Length")))


@check
def left_in_mid_answer():
    for _ in range(20):
        connection = connect()
        connection.request("GET", "/bytes?n=8000000")
        connection.getresponse().read(1000)
        connection.close()
    same(ask(connect(), "GET", "/")[1], b"Hello, World!")


# The environment may name a proxy; a server on this machine is not behind one.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@check
def urllib_get_and_post():
    same(json.load(OPENER.open(f"{BASE}/json", timeout=TIMEOUT)), {"message": "Hello, World!"})
    same(OPENER.open(f"{BASE}/echo", b"a=b&c=d", TIMEOUT).read(), b"a=b&c=d")
    head = urllib.request.Request(f"{BASE}/", method="HEAD")
    same(OPENER.open(head, timeout=TIMEOUT).read(), b"")


@check
def urllib_errors():
    for path, status in [("/no/such/path", 404), ("/echo", 405), ("/bytes?n=none", 400)]:
        try:
            OPENER.open(BASE + path, timeout=TIMEOUT)
            raise AssertionError(f"{path} was served")
        except urllib.error.HTTPError as error:
            same(error.code, status)
            assert error.read(), f"{path}: the {status} says nothing"


failures = 0
for function in CHECKS:
    name = function.__name__.replace("_", " ")
    try:
        function()
        print(f"ok      {name}", flush=True)
    except Exception as error:
        failures += 1
        print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
sys.exit(f"{failures} checks failed" if failures else 0)
