package dev.switchlab.tracking;

import dev.switchlab.provenance.Timings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The log of a run that goes on from a checkpoint. Its last steps before it was cut off are taken once more; their points that the
 * store already holds are not sent again, as MLflow would keep both (its key for a point includes the time).
 */
public final class ResumedRunLog implements RunLog {

    private final RunLog log;
    private final Map<String, Map<Long, Double>> held;
    private final Consumer<String> notices;
    private boolean differed;

    /**
     * @param log where what is new goes
     * @param held the points that the store holds: metric, step, value
     * @param notices told once, in one line, when a repeated step gives another value than the store holds
     */
    public ResumedRunLog(RunLog log, Map<String, Map<Long, Double>> held, Consumer<String> notices) {
        this.log = log;
        this.held = held;
        this.notices = notices;
    }

    @Override
    public void metrics(long step, Map<String, Double> metrics) {
        Map<String, Double> missing = new HashMap<>();
        metrics.forEach((name, value) -> {
            Double before = held.getOrDefault(name, Map.of()).get(step);
            if (before == null) {
                missing.put(name, value);
            } else if (!before.equals(value) && !Timings.isTiming(name) && !differed) {
                differed = true;
                notices.accept(
                        "step %d gives %s = %s, before the break it gave %s: the machine, the libraries or the threads are others now"
                                .formatted(step, name, value, before));
            }
        });
        if (!missing.isEmpty()) {
            log.metrics(step, missing);
        }
    }

    @Override
    public String runId() {
        return log.runId();
    }

    @Override
    public void params(Map<String, String> params) {
        log.params(params);
    }

    @Override
    public void tags(Map<String, String> tags) {
        log.tags(tags);
    }

    @Override
    public void text(String path, String content) {
        log.text(path, content);
    }

    @Override
    public void file(String path, Path file) {
        log.file(path, file);
    }

    @Override
    public void finish(RunStatus status) {
        log.finish(status);
    }

    @Override
    public void close() {
        log.close();
    }
}
