"""The progress display: one line that stays one line, in a notebook or in a terminal."""

import html
import math
import time

from vaelab import plots

#: Seconds between two updates: smooth for the eye, and cheap beside the training steps in between.
_INTERVAL = 0.25


class Progress:
    """Fills a History and keeps one line about it up to date."""

    def __init__(self, history, epochs):
        self.history = history
        self.total = epochs
        self.line = _NotebookLine() if plots.in_notebook() else _PrintedLines(epochs)
        self.started = self.epoch_started = time.perf_counter()
        self.clock = None  # starts after the first batch: compiling would spoil the estimate
        self.drawn = -math.inf
        self.line.live(0, "preparing: the first step is slow, because it compiles the model")

    def epoch_begins(self):
        self.epoch_started = time.perf_counter()

    def steps(self, count, steps, logs):
        now = time.perf_counter()
        if self.clock is None:
            _check_logs(logs)
            self.clock = now
        if now - self.drawn < _INTERVAL:
            return
        self.drawn = now
        done = (len(self.history.epochs) + count / steps) / self.total
        spent = now - self.clock
        left = f"; about {_duration(spent * (1 - done) / done)} left" if spent > 1 else ""
        self.line.live(
            done,
            f"epoch {len(self.history.epochs) + 1} of {self.total}, batch {count} of {steps}: "
            f"{_losses(logs)} nats per image{left}",
        )

    def epoch_ends(self, logs):
        number = len(self.history.epochs) + 1
        if not math.isfinite(logs["loss"]):
            raise ValueError(
                f"The loss became {logs['loss']} in epoch {number}, and training was stopped. Look for a logarithm of 0 or an "
                "exponential of a large number in the loss, then make the model anew: its weights are spoilt."
            )
        self.history.epochs.append(number)
        self.history.seconds.append(time.perf_counter() - self.epoch_started)
        for name, value in logs.items():
            if name.removeprefix("val_") in ("loss", "reconstruction", "kl"):
                getattr(self.history, name).append(float(value))
        self.line.epoch(number, f"epoch {number} of {self.total}: {self._latest()}")

    def finish(self, stopped=False):
        count = len(self.history.epochs)
        if stopped:
            text = (
                f"Stopped in epoch {count + 1} of {self.total}. The model keeps its weights; epochs completed: {count}"
            )
        else:
            text = f"{count} epoch{'s' * (count > 1)} in {_duration(time.perf_counter() - self.started)}"
        self.line.final(f"{text}; {self._latest()}." if count else f"{text}.")

    def _latest(self):
        last = {name: values[-1] for name, values in vars(self.history).items() if values}
        test = {name.removeprefix("val_"): value for name, value in last.items() if name.startswith("val_")}
        return f"training {_losses(last)}" + (f"; test {_losses(test)}" if test else "") + " nats per image"


class _NotebookLine:
    """One notebook output, updated in place, so that a saved notebook holds its last state only."""

    def __init__(self):
        self.handle = None

    def live(self, done, text):
        bar = f'<progress value="{done:.4f}" max="1" style="width: 16em; vertical-align: middle"></progress>'
        self._update(f"{bar} {html.escape(text)}", text)

    def epoch(self, number, text):
        pass  # the next batch tells

    def final(self, text):
        self._update(html.escape(text), text)

    def _update(self, markup, text):
        from IPython.display import display

        bundle = {"text/html": f"<div>{markup}</div>", "text/plain": text}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)


class _PrintedLines:
    """About ten lines over a whole training."""

    def __init__(self, epochs):
        self.every = -(-epochs // 10)

    def live(self, done, text):
        pass

    def epoch(self, number, text):
        if number % self.every == 0:
            print(text, flush=True)

    def final(self, text):
        print(text, flush=True)


def _check_logs(logs):
    missing = [name for name in ("loss", "reconstruction", "kl") if name not in logs]
    if missing:
        raise ValueError(
            f"The model reports {', '.join(logs)} and lacks {', '.join(missing)}. Report the two parts of the loss as well: "
            'keep a keras.metrics.Mean(name="reconstruction") and a keras.metrics.Mean(name="kl"), and update both for every batch.'
        )


def _losses(logs):
    return f"loss {logs['loss']:.1f} = reconstruction {logs['reconstruction']:.1f} + KL {logs['kl']:.1f}"


def _duration(seconds):
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
