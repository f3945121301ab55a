/**
 * An embedded MLflow tracking server: the REST interface of MLflow 2.17 to 3.x that its clients log with, over MLflow's own SQLite
 * schema (Alembic revision 0584bdc529eb), so that {@code mlflow server} started in the runs folder shows everything.
 *
 * <p>{@link dev.switchlab.tracking.store.TrackingServer} is the door. Behind it, a request goes through {@code HostGuard} (DNS
 * rebinding), {@code Router} (path to endpoint), one of the {@code *Api} classes (names and limits of the wire format) and one of the
 * table classes ({@code Experiments}, {@code Runs}, {@code Metrics}, ...) inside one transaction of {@code Database}.
 *
 * <p>Sources: MLflow's REST reference ({@code mlflow.org/docs/latest/rest-api.html}) and exchanges recorded from MLflow 2.17, 3.3 and
 * 3.11. Where those differ, this server follows the newest.
 */
package dev.switchlab.tracking.store;
