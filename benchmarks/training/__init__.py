"""Error against training time, compared with other libraries: `python -m benchmarks.training`.

In each case all contenders get the same rows and the same network shape, in turns, seed after seed.
During training, errors on the test rows are measured from time to time with the clock stopped. This
gives curves of error against seconds. Every contender returns its weights as a `slopenet.Network`
in the units of the data, so one function measures all errors, slopes included. The promises of a
case are evaluated and printed as met or missed, with the figures.

Errors are relative, as in `slopenet.evaluate.errors`: for values, the RMS error over the standard
deviation of the true ones; for slopes, the RMS error over the RMS of the true ones; for several
outputs or inputs, the root mean square over them.

The clock starts when the data have the layout a contender needs and its functions are compiled;
slopenet's time includes its checks and scaling. The peers' data are standardised in advance. Peers
whose threads wait for each other get one thread if that is faster. scikit-learn has no callback for
L-BFGS, so its curves consist of complete runs with more and more iterations.

Gaussian processes return no network, so the cases `kriging`, `kriging-slopes` and `friedman` have
no curves: they compare the errors of complete fits, and their CPU times. `collapse` has no peers.
"""
