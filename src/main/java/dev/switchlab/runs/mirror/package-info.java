/**
 * Copies runs of the book to an MLflow server, and fetches those that only the server has.
 *
 * <p>Calls go through MLflow's Java client ({@code MlflowServer} limits their time), but for two that it cannot do:
 * creating a run by one request only, and artifacts without Python ({@code RestClient}).
 */
package dev.switchlab.runs.mirror;
