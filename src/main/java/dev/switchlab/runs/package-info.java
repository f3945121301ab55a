/**
 * The book of runs.
 *
 * <p>A run is written straight into {@link dev.switchlab.runs.Book}: {@code mlflow.db} in MLflow's schema
 * ({@code runs.db}) and files beside it. {@code runs.mirror} copies runs to an MLflow server that is named.
 *
 * <p>A metric's way: a map in the training step; a batch of rows, which {@link dev.switchlab.runs.BookLog} hands to the
 * book's one writer thread; rows. Steps that have piled up are one transaction, and
 * {@link dev.switchlab.runs.BookLog#sync()} waits for it.
 */
package dev.switchlab.runs;
