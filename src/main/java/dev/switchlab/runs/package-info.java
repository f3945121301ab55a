/**
 * The book of runs.
 *
 * <p>A run is written straight into {@link dev.switchlab.runs.Book}: {@code mlflow.db} in MLflow's schema
 * ({@code runs.db}) and files beside it. {@code runs.mirror} copies runs to an MLflow server.
 *
 * <p>A metric is a map in the training step, then part of a batch that {@link dev.switchlab.runs.BookLog} hands to the
 * book's writer thread, then a row. Pending steps are written in one transaction, and
 * {@link dev.switchlab.runs.BookLog#sync()} waits for it.
 */
package dev.switchlab.runs;
