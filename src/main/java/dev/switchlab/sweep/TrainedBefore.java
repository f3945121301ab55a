package dev.switchlab.sweep;

import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finished runs of a book that are what a child would train: the same experiment with the same settings, seed, text,
 * processor, device and threads, whatever they were trained for. It is read once, with the first question.
 */
public final class TrainedBefore {

    /** Where a text was found does not matter; its digest does. */
    private static final Set<String> OF_THE_PLACE =
            Set.of("corpus", "fallback_corpus", "corpus.name", "corpus.unigram_entropy");

    private final MirroredBook store;
    private final String cpu;
    private final Map<String, Map<Map<String, String>, Run>> known = new HashMap<>();

    /**
     * @param store the book
     * @param cpu of this machine: runs of another do not count, their last digits and their times are others
     */
    public TrainedBefore(MirroredBook store, String cpu) {
        this.store = store;
        this.cpu = cpu;
    }

    /**
     * The newest such run.
     *
     * @param ready the child's sweep, on this machine
     */
    public Optional<Run> of(Child child, ReadySweep ready) {
        Map<String, String> wanted = new HashMap<>(child.experiment().toParams());
        wanted.put("corpus.sha256", ready.text(child).sha256());
        wanted.put("device", ready.conditions().device());
        wanted.put("threads", Integer.toString(ready.conditions().threads()));
        return Optional.ofNullable(
                known.computeIfAbsent(child.experiment().id(), this::read).get(settings(wanted)));
    }

    private Map<Map<String, String>, Run> read(String experiment) {
        Map<Map<String, String>, Run> runs = new HashMap<>();
        List<Run> newestFirst = store.book().runs(Optional.of(store.experimentName(experiment)), Integer.MAX_VALUE);
        for (Run run : newestFirst) {
            boolean counts = run.status().equals("FINISHED")
                    && !run.tags().containsKey(RunInfo.SUMMARY_TAG)
                    && cpu.equals(run.tags().get("switchlab.cpu"));
            if (counts) {
                runs.putIfAbsent(settings(run.params()), run);
            }
        }
        return runs;
    }

    /** A run from before there was a setting is as one of today that leaves it off. */
    private static Map<String, String> settings(Map<String, String> params) {
        Map<String, String> settings = LaterSettings.timeless(params);
        settings.keySet().removeAll(OF_THE_PLACE);
        return settings;
    }
}
