/**
 * Many runs as one sweep: the product of experiments, a grid of settings and seeds. A
 * {@link dev.switchlab.sweep.SweepSpec}, from a file or flags, becomes a {@link dev.switchlab.sweep.Sweep} of
 * {@link dev.switchlab.sweep.SweepRun}s. A {@link dev.switchlab.sweep.SweepSession} gives those that are missing in the
 * book to a {@link dev.switchlab.sweep.Launcher}, which starts a process for each and reports its
 * {@link dev.switchlab.sweep.Status}.
 *
 * <p>In the book a sweep is a parent run, below it a run for each setting, below that the runs themselves, nested by
 * {@code mlflow.parentRunId}. In a sweep of one setting the parent is the run of the setting. Tags:
 * {@link dev.switchlab.runs.RunInfo#SWEEP_TAG} on all of them, {@link dev.switchlab.runs.RunInfo#SETTING_TAG} on those
 * of a setting, {@link dev.switchlab.runs.RunInfo#SUMMARY_TAG} on those that only sum up. Ids are derived from the
 * parent's, so that no call makes a run twice.
 */
package dev.switchlab.sweep;
