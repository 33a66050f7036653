"""How soon training gets how far, beside what people use today: `python -m benchmarks.training`.

Each case gives everyone the same rows and the same network shape, seed after seed, in turn. While
somebody trains, errors on the test rows are taken from time to time, with the clock stopped; that
makes curves of error against seconds. Every contender hands its weights over as a
`slopenet.Network` in the units of the data, so that one function takes everyone's errors, those of
the slopes too. What a case promises is evaluated and printed as met or missed, with the figures.

Errors are relative, as in `slopenet.evaluate.errors`: of values the RMS error over the standard
deviation of the true ones, of slopes the RMS error over the RMS of the true ones; of several
outputs or inputs the root mean square over them.

Clocks start when the data are laid out as a contender wants them and its functions are compiled;
slopenet's includes its checks and scaling. The peers' data are standardised before, and those whose
threads wait for each other get one thread if that is quicker. scikit-learn
has no callback for L-BFGS: its curves are of whole runs with more and more iterations.
"""
