/**
 * Tracking of runs: the run log that training writes to, and its MLflow form.
 *
 * <p>{@link dev.switchlab.tracking.TrackingStore} is the door: it talks to a named MLflow server, or starts the embedded one
 * ({@code tracking.store}) over the runs folder. {@link dev.switchlab.tracking.MlflowRunLog} takes what a run logs. Its way:
 *
 * <ol>
 *   <li>{@code SpoolWriter}, on its own thread, appends it to the run's {@code Journal} in {@code runs/spool/<key>}: what was appended
 *       survives {@code kill -9} at once and, because the file is forced to the disk every five seconds, a power cut but for those.
 *       {@link dev.switchlab.tracking.RunLog#sync()} waits for the append.
 *   <li>{@code Sender}, driven by {@code Sending} on another thread, reads the journal and sends it in batches; after a failure again,
 *       with growing pauses, for as long as the run lasts. Sending something twice changes nothing.
 *   <li>When the server has everything, the spool is removed. Otherwise it waits for
 *       {@link dev.switchlab.tracking.TrackingStore#flush(String)}.
 * </ol>
 *
 * <p>Calls go through MLflow's Java client ({@code OfficialClient} keeps it from hanging), but for two that it cannot do: creating a run
 * by one request only, and artifacts without Python ({@code RestClient}).
 */
package dev.switchlab.tracking;
