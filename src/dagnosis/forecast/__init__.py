"""Part 3: run history -> risk. How likely is a run to fail, said before it starts?

    history      one table of runs, whatever it came from, and the stream of events that it stands for
    features     what is known at the moment of asking: streaming, O(1) a run, and the same in batch
    models       features -> probability; a contract, and one file for each model
    calibration  probabilities that mean what they say
    online       a forecaster that is asked, is told, and refits itself as history grows
    evaluation   how good it is, by time and never at random

A probability is that of the state `failed` against `success`; cancelled and skipped runs are no
labels. An outcome counts from the moment when it was known, never before.
"""
