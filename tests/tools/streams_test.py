"""The floe command with pipes, terminals and Ctrl-C."""

import os
import pty
import signal
import subprocess
import time

from command import CANNOT_WRITE, DIGITS, FLOE, INTERRUPTED, CommandTest, endless, main


class Streams(CommandTest):
    def test_closed_pipe(self):
        for args in (["ops"], ["ops", "--json"], ["inspect", DIGITS], ["explain", DIGITS]):
            p = subprocess.Popen([FLOE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            p.stdout.close()
            noise = p.stderr.read()
            p.stderr.close()
            p.wait(60)
            self.assertEqual(noise, b"", args)
            self.assertIn(p.returncode, (0, -signal.SIGPIPE), args)

    def test_full_device(self):
        for args in (
            ["ops"],
            ["ops", "--json"],
            ["--help"],
            ["run", "--help"],
            ["run", DIGITS, "--random"],
            ["run", DIGITS, "--random", "--json"],
            ["inspect", DIGITS],
            ["explain", DIGITS, "--json"],
            ["bench", DIGITS, "--calls", "1", "--json"],
        ):
            with self.subTest(args=args), open("/dev/full", "w") as full:
                done = subprocess.run(
                    [FLOE, *args], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
                )
                self.assertEqual(done.returncode, CANNOT_WRITE)
                self.assertEqual(done.stderr, "floe: cannot write to standard output\n")

    def test_closed_output(self):
        command = f"exec {FLOE} ops >&-"
        done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, CANNOT_WRITE)
        self.assertEqual(done.stderr, "floe: cannot write to standard output\n")

    def test_interrupt(self):
        loop = self.file("m.pbtxt", endless())
        for args in (
            ["bench", DIGITS, "--seconds", "60"],
            ["bench", DIGITS, "--seconds", "60", "--json"],
            ["run", loop, "--random", "--shape", "1"],
            ["run", loop, "--random", "--shape", "1", "--save", self.dir / "y.npy"],
            ["bench", loop, "--shape", "1"],
        ):
            p = subprocess.Popen([FLOE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(1.5)
            self.assertIsNone(p.poll())
            start = time.monotonic()
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=30)
            self.assertEqual((p.returncode, out, err), (INTERRUPTED, "", "floe: interrupted\n"))
            self.assertLess(time.monotonic() - start, 5)
        self.assertEqual([p.name for p in self.dir.iterdir()], ["m.pbtxt"])

    def test_interrupt_while_the_model_is_read(self):
        # A pipe that nobody writes to: the command waits for its model.
        pipe = self.dir / "m.pb"
        os.mkfifo(pipe)
        p = subprocess.Popen(
            [FLOE, "inspect", pipe], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        time.sleep(0.5)
        self.assertIsNone(p.poll())
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=30)
        self.assertEqual((p.returncode, out, err), (INTERRUPTED, "", "floe: interrupted\n"))

    def test_progress_only_on_a_terminal(self):
        args = [FLOE, "bench", DIGITS, "--seconds", "1"]
        done = subprocess.run(args, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        master, terminal = pty.openpty()
        p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=terminal)
        os.close(terminal)
        seen = b""
        try:
            while chunk := os.read(master, 4096):
                seen += chunk
        except OSError:
            pass  # the terminal's other side is closed
        os.close(master)
        self.assertEqual(p.wait(60), 0)
        self.assertIn(b"calls", seen)
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen[-40:])

    def test_a_second_run_is_the_same(self):
        first = self.floe("run", DIGITS, "--random", cwd=self.dir)
        self.assertEqual(first, self.floe("run", DIGITS, "--random", cwd=self.dir))
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_no_input_stream(self):
        done = subprocess.run(
            [FLOE, "inspect", DIGITS], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    main()
