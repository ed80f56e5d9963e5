"""Runs the examples as a user does: examples_test.py ATLAS ATLAS_SERVER. MONGO_DSN names the server."""

import asyncio
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ATLAS, SERVER = sys.argv[1:3]


def database_uri(name):
    parts = urlsplit(os.environ["MONGO_DSN"])
    return urlunsplit(parts._replace(path="/" + name))


def run(*arguments, **environment):
    return subprocess.run([ATLAS, *arguments], capture_output=True, text=True, timeout=100, env={**os.environ, **environment})


def lines_of_ours(text):
    """Without what libmongoc says while it is loaded, when a process that was killed has left its counters in /dev/shm."""
    return [line for line in text.splitlines() if "Falling back to malloc for counters" not in line]


class Atlas(unittest.TestCase):
    def test_tells_the_same_on_both_stores(self):
        memory = run()
        mongo = run(database_uri(f"cormorant_atlas_{os.getpid()}"))
        self.assertEqual((memory.returncode, mongo.returncode), (0, 0), memory.stderr + mongo.stderr)
        self.assertIn("249 countries, 5127 subdivisions and 181 currencies", memory.stdout)

        def told(text):
            return re.sub(r"in \d+ ms|on the \w+ store", "", text)

        self.assertEqual(told(memory.stdout), told(mongo.stdout))

    def test_population_costs_one_round_trip_for_each_level(self):
        section = run().stdout.partition("4. Population")[2].partition("5. Hooks")[0]
        self.assertEqual(re.findall(r"-> (\d+) round trip", section), ["3", "4", "3"])

    def test_trace_shows_a_tree(self):
        out = run("--trace").stdout
        self.assertRegex(out, r"subdivision\.find +[\d.]+ ms\n  find subdivisions")
        self.assertIn("country.currencies -> currency", out)

    def test_a_mistake_is_one_line_and_exit_code_1(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "country.json").write_text('{"collection": "countries", "feilds": []}')
            mistakes = {
                "bad_uri": run("postgres://localhost/atlas"),
                "connect": run("mongodb://127.0.0.1:1/atlas"),
                "bad_file": run(ISO_CODES="/nowhere"),
                "definition": run(ATLAS_DEFINITIONS=folder),
                "invalid_argument": run("--colour"),
            }
        for name, result in mistakes.items():
            with self.subTest(name):
                self.assertEqual(result.returncode, 1)
                self.assertEqual(len(lines_of_ours(result.stderr)), 1, result.stderr)
                self.assertIn(f"[{name}]", result.stderr)


class Server(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen([SERVER, "--port", "0"], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r":(\d+)$", line.strip())[1])

    def tearDown(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def ask(self, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, target, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Content-Type"), json.loads(text)

    def test_answers_queries(self):
        status, _, france = self.ask("GET", "/countries/FR")
        self.assertEqual((status, france["name"], france["currencies"][0]["_id"]), (200, "France", "EUR"))
        status, _, subdivisions = self.ask("GET", "/subdivisions?country_id=FR&limit=5")
        self.assertEqual((status, len(subdivisions)), (200, 5))
        self.assertEqual({s["country_id"] for s in subdivisions}, {"FR"})
        self.assertEqual(list(subdivisions[0]), ["_id", "name", "type", "country_id", "parent_id", "imported", "id"])
        self.assertRegex(subdivisions[0]["imported"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(self.ask("GET", "/subdivisions?country_id=ZZ")[2], [])
        self.assertEqual(self.ask("GET", "/countries/ZZ")[0], 404)
        self.assertEqual(self.ask("GET", "/subdivisions?country_id=FR&limit=many")[0], 400)

    def test_points_at_each_bad_field(self):
        status, kind, problem = self.ask("POST", "/countries", '{"_id": "xx", "alpha_3": 7, "name": 1}')
        self.assertEqual((status, kind), (422, "application/problem+json"))
        self.assertEqual({e["pointer"] for e in problem["errors"]}, {"/_id", "/alpha_3", "/name", "/numeric"})

    def test_lets_in_what_its_policies_name(self):
        self.assertEqual(self.ask("POST", "/countries", '{"_id": "XY", "capital": "c"}')[0], 403)
        self.assertEqual(self.ask("POST", "/countries", '{"_id": "XY", "name": {"$ne": 1}}')[0], 400)
        self.assertEqual(self.ask("GET", "/subdivisions?country_id[$ne]=FR")[0], 400)
        self.assertEqual(self.ask("GET", "/subdivisions?imported=x")[0], 403)
        self.assertEqual(self.ask("GET", "/subdivisions?limit=1000")[0], 400)

    def test_creates_once(self):
        body = '{"_id": "XX", "alpha_3": "XXA", "numeric": "999", "name": "Xland"}'
        self.assertEqual(self.ask("POST", "/countries", body)[0], 201)
        self.assertEqual(self.ask("POST", "/countries", body)[0], 409)
        self.assertEqual(self.ask("POST", "/countries", "{")[0], 400)

    def test_serves_64_connections_on_one_thread_and_stops_cleanly(self):
        async def one():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            good = 0
            for _ in range(10):
                writer.write(b"GET /subdivisions?country_id=FR&limit=5 HTTP/1.1\r\nHost: test\r\n\r\n")
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await reader.readexactly(int(re.search(r"Content-Length: (\d+)", head)[1]))
                good += head.startswith("HTTP/1.1 200")
            return good, writer

        async def all_of_them():
            results = await asyncio.gather(*[one() for _ in range(64)])
            threads = len(os.listdir(f"/proc/{self.process.pid}/task"))
            # The connections are still open: stopping must not wait for their clients.
            self.process.send_signal(signal.SIGTERM)
            for _, writer in results:
                writer.close()
            return sum(good for good, _ in results), threads

        good, threads = asyncio.run(all_of_them())
        self.assertEqual((good, threads), (640, 1))
        out, _ = self.process.communicate(timeout=20)
        self.assertEqual(self.process.returncode, 0)
        self.assertIn("stopped", out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
