package dev.switchlab.bench;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * Resident memory of a process that has trained the experiment for a few steps and done nothing else, the engine
 * included. Absent where the system does not tell.
 *
 * @param ours this process then
 * @param reference the reference's process then
 * @param end this process at the end of the benchmark, whose peak is that of the largest section
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BenchMemory(ResidentMemory ours, ResidentMemory reference, ResidentMemory end) {}
