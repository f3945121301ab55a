/**
 * Many runs as one thing: a {@link dev.switchlab.sweep.Sweep} is the product of experiments, a
 * {@link dev.switchlab.sweep.Grid} of settings and seeds. Each {@link dev.switchlab.sweep.Child} is a process that
 * trains one run; a {@link dev.switchlab.sweep.Launcher} starts them.
 *
 * <p>In the book a sweep is a parent run, below it a run for each setting, below that the children, nested by
 * {@code mlflow.parentRunId}. A sweep of one setting has one parent, which is its setting run, too. Tags:
 * {@link dev.switchlab.runs.RunInfo#SWEEP_TAG} on all of them, {@link dev.switchlab.runs.RunInfo#SETTING_TAG} on
 * setting runs and children, {@link dev.switchlab.runs.RunInfo#SUMMARY_TAG} on runs that only sum up. Ids of children
 * follow from the parent's id and their number, so none is there twice.
 */
package dev.switchlab.sweep;
