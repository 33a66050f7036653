"""Setup of every test."""

import signal

# A shell that runs `make test` in the background lets it ignore Ctrl-C, which children inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
