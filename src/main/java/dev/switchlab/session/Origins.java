package dev.switchlab.session;

import dev.switchlab.data.Corpus;
import dev.switchlab.data.TextData;
import dev.switchlab.data.Tokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.TrainingException;
import dev.switchlab.train.WeightsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The trained models that a training builds on.
 *
 * @param init what it begins with
 * @param teacher what it learns from
 */
public record Origins(Optional<Origin> init, Optional<Origin> teacher) {

    /** Of a training that begins with random weights and has no teacher. */
    public static final Origins NONE = new Origins(Optional.empty(), Optional.empty());

    private static final String INIT = "init_from";
    private static final String TEACHER = "train.teacher";

    /**
     * A trained model.
     *
     * @param setting that names it
     * @param recorded where it is, and what it is
     */
    public record Origin(String setting, Provenance.Origin recorded, WeightsFile weights) {

        /** Throws {@link TrainingException} in one line unless a text is read by the tokens of this model. */
        private void requireTokenizer(String needed) {
            String own = weights.experiment().tokenizer();
            boolean files = isFile(own) && isFile(needed); // the same file elsewhere
            if (!own.equals(needed) && !files) {
                throw new TrainingException(
                        "tokenizer is %s; allowed with %s: %s, the tokenizer of %s; example: tokenizer=%s"
                                .formatted(needed, setting, own, recorded.name(), own));
            }
        }

        private static boolean isFile(String tokenizer) {
            return !tokenizer.equals(Tokenizer.CHARACTERS) && !tokenizer.equals(Tokenizer.BYTES);
        }
    }

    /**
     * The models that a new run names: a run by its id, the beginning of its id or its name, an experiment for its
     * newest run with a model, or a weights file.
     *
     * @throws BookException in one line, if there is none
     */
    public static Origins of(Experiment experiment, MirroredBook store) throws IOException {
        return new Origins(
                named(INIT, experiment.initFrom(), store),
                named(TEACHER, experiment.train().teacher(), store));
    }

    private static Optional<Origin> named(String setting, String name, MirroredBook store) throws IOException {
        if (name.equals(Experiment.NONE)) {
            return Optional.empty();
        }
        if (Files.isRegularFile(Path.of(name))) {
            return Optional.of(origin(setting, name, WeightsFile.read(Path.of(name))));
        }
        Run run;
        try {
            run = Stream.concat(
                            store.book().tagged(RunInfo.ALIAS_TAG).stream()
                                    .filter(found -> name.equals(found.tags().get(RunInfo.ALIAS_TAG))),
                            store.book().runs(Optional.of(name), Integer.MAX_VALUE).stream())
                    .filter(found -> new StoredRun(store, found).hasModel())
                    .findFirst()
                    .orElseGet(() -> store.find(name));
        } catch (BookException e) {
            throw new BookException(setting + ": no file, and " + e.getMessage(), e);
        }
        return Optional.of(origin(setting, run.runId(), weights(setting, run, store)));
    }

    private static WeightsFile weights(String setting, Run run, MirroredBook store) throws IOException {
        StoredRun stored = new StoredRun(store, run);
        if (!stored.hasModel()) {
            throw new BookException(setting + ": run " + run.shortId() + " (" + run.title()
                    + ") left no model; allowed: a run that has ended, such as one that `make runs` lists as FINISHED");
        }
        return stored.weights();
    }

    private static Origin origin(String setting, String name, WeightsFile weights) {
        String file = weights.file().toAbsolutePath().toString();
        return new Origin(setting, new Provenance.Origin(name, file, weights.digest()), weights);
    }

    /**
     * Models that were found before: those of a run that is resumed or repeated, or of a run of a sweep.
     *
     * @param recorded what {@link #recorded()} gave
     * @param store where their runs are looked for first; their files are next
     * @throws TrainingException in one line, if one is gone, or is not what it was
     */
    public static Origins of(Map<String, Provenance.Origin> recorded, MirroredBook store) throws IOException {
        return new Origins(again(INIT, recorded, Optional.of(store)), again(TEACHER, recorded, Optional.of(store)));
    }

    /** Models that another rank found, by their files. */
    static Origins of(Map<String, Provenance.Origin> recorded) throws IOException {
        return new Origins(again(INIT, recorded, Optional.empty()), again(TEACHER, recorded, Optional.empty()));
    }

    private static Optional<Origin> again(
            String setting, Map<String, Provenance.Origin> recorded, Optional<MirroredBook> store) throws IOException {
        Provenance.Origin origin = recorded.get(setting);
        if (origin == null) {
            return Optional.empty();
        }
        Optional<Run> run = store.flatMap(own -> own.book().byId(origin.name()));
        Path file = Path.of(origin.file());
        if (run.isEmpty() && !Files.isRegularFile(file)) {
            throw new TrainingException(
                    "%s was %s, and neither that run nor its file %s is here".formatted(setting, origin.name(), file));
        }
        WeightsFile weights =
                run.isPresent() ? weights(setting, run.get(), store.orElseThrow()) : WeightsFile.read(file);
        Origin now = origin(setting, origin.name(), weights);
        if (!now.recorded().sha256().equals(origin.sha256())) {
            throw new TrainingException("%s was %s with weights of sha256 %s; %s has other weights now"
                    .formatted(setting, origin.name(), origin.sha256(), weights.file()));
        }
        return Optional.of(now);
    }

    /** As the provenance records them, by setting. */
    public SortedMap<String, Provenance.Origin> recorded() {
        SortedMap<String, Provenance.Origin> all = new TreeMap<>();
        init.ifPresent(origin -> all.put(INIT, origin.recorded()));
        teacher.ifPresent(origin -> all.put(TEACHER, origin.recorded()));
        return all;
    }

    /**
     * A corpus in the tokens of the model that training begins with, or else in its own.
     *
     * @throws RuntimeException in one line, if that model, or the teacher, does not know the text's tokens
     */
    TextData data(Corpus corpus, Experiment experiment) {
        init.ifPresent(origin -> origin.requireTokenizer(experiment.tokenizer()));
        teacher.ifPresent(origin -> origin.requireTokenizer(experiment.tokenizer()));
        TextData data = init.isPresent()
                ? TextData.of(corpus, init.get().weights().tokenizer(), experiment)
                : TextData.of(corpus, experiment);
        if (teacher.isPresent()) {
            Tokenizer known = teacher.get().weights().tokenizer();
            String name = teacher.get().recorded().name();
            if (!known.equals(data.tokenizer())) {
                throw new TrainingException(
                        ("train.teacher %s has another vocabulary, %s, than this training, %s; allowed: a teacher of this"
                                        + " corpus, or one that training begins with (init_from)")
                                .formatted(name, known, data.tokenizer()));
            }
            int longest = teacher.get().weights().experiment().train().seqLen();
            if (longest < experiment.train().seqLen()) {
                throw new TrainingException(
                        ("train.seq_len is %d; allowed with train.teacher %s: at most %d, the length it was trained on;"
                                        + " example: train.seq_len=%d")
                                .formatted(experiment.train().seqLen(), name, longest, longest));
            }
        }
        return data;
    }
}
