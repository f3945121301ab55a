/**
 * Many runs as one: a {@link dev.switchlab.sweep.SweepSpec} asks for the product of experiments, settings and seeds, a
 * {@link dev.switchlab.sweep.Sweep} lists each {@link dev.switchlab.sweep.SweepRun}, and a
 * {@link dev.switchlab.sweep.Launcher} starts their processes.
 *
 * <p>In the book a sweep is a parent run, below it a run for each setting, below that the trained runs, nested by
 * {@code mlflow.parentRunId}. A sweep of one setting has one parent, which is its setting run, too. Tags:
 * {@link dev.switchlab.runs.RunInfo#SWEEP_TAG} on all of them, {@link dev.switchlab.runs.RunInfo#SETTING_TAG} on
 * setting runs and trained runs, {@link dev.switchlab.runs.RunInfo#SUMMARY_TAG} on runs without training. Ids of
 * trained runs follow from the parent's id and their number, so none is there twice.
 */
package dev.switchlab.sweep;
