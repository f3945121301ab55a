package dev.switchlab.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.switchlab.provenance.Machine;
import java.util.Map;

/**
 * Under which conditions times were taken.
 *
 * @param started ISO 8601, UTC
 * @param quick whether it was a short run, whose times are rough
 * @param machine the processor, and the kernels that libtorch has chosen for it
 * @param device where it was computed
 * @param threads CPU threads
 * @param precision what is multiplied
 * @param libtorch version
 * @param experiment id of the experiment that is varied
 * @param settings all of its settings
 * @param reference what it is compared with; absent if not measured
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BenchSetup(
        String started,
        boolean quick,
        Machine machine,
        String device,
        int threads,
        String precision,
        String libtorch,
        String experiment,
        Map<String, String> settings,
        Reference reference) {}
