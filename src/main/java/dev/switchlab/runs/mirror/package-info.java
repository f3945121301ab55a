/**
 * Copies runs of the book to an MLflow server, and fetches runs that exist only on the server.
 *
 * <p>Calls use MLflow's Java client ({@code MlflowServer} adds a time limit), except for two: creating a run with
 * exactly one request, and artifacts without Python ({@code RestClient}).
 */
package dev.switchlab.runs.mirror;
