package dev.switchlab.session;

import dev.switchlab.provenance.Provenance;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.world.World;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What rank 0 tells the others to do: experiment, text, threads and kernels, and where to begin. They need no book and
 * no checkpoints for it.
 *
 * @param provenance of the computation that begins
 * @param checkpoint empty for the first step
 */
record RankJob(Provenance provenance, Optional<Checkpoint> checkpoint) {

    private static final byte[] NOTHING = {};

    /**
     * Before the first step ranks are waited for longer: one of them may be downloading the text, or unpacking
     * libtorch.
     */
    private static final Duration BEGIN = Duration.ofHours(1);

    /** On rank 0; then makes sure that all compute alike. */
    void tell(World world) throws IOException {
        world.barrier(BEGIN);
        world.tell(provenance.toJson().getBytes(StandardCharsets.UTF_8), 0);
        world.tell(checkpoint.isPresent() ? checkpoint.get().toBytes() : NOTHING, 0);
        requireSame(world, provenance);
    }

    /** On the others. */
    static RankJob hear(World world) throws IOException {
        world.barrier(BEGIN);
        String json = new String(world.tell(NOTHING, 0), StandardCharsets.UTF_8);
        byte[] checkpoint = world.tell(NOTHING, 0);
        return new RankJob(
                Provenance.ofJson(json, "what rank 0 says"),
                checkpoint.length == 0 ? Optional.empty() : Optional.of(Checkpoint.ofBytes(checkpoint)));
    }

    /** Different libraries or processors round differently, and weights would part. */
    static void requireSame(World world, Provenance own) {
        Map<String, String> facts = new TreeMap<>(own.entries());
        facts.keySet()
                .removeIf(key ->
                        !key.matches("versions\\.(switchlab|jdk|djl|libtorch.*)|machine\\.(instruction_sets|kernels)"
                                + "|computation\\..*|text\\.sha256|digests\\.initial_weights"));
        world.barrier(BEGIN);
        world.requireSame(facts);
    }
}
