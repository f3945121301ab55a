package dev.switchlab.tracking;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** What a server does not take stays in the runs folder, and the user is told. */
final class Leftovers {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path runsFolder;
    private final Consumer<String> notices;
    private final Set<String> told = new HashSet<>();

    Leftovers(Path runsFolder, Consumer<String> notices) {
        this.runsFolder = runsFolder;
        this.notices = notices;
    }

    static Path filesOf(Path runsFolder, String runId) {
        return runsFolder.resolve("local-artifacts").resolve(runId);
    }

    /** Says something once. */
    void tell(String notice) {
        if (told.add(notice)) {
            notices.accept(notice);
        }
    }

    /** Says something that may have been said before. */
    void tellAgain(String notice) {
        notices.accept(notice);
    }

    /** Moves a file to {@code <runs>/local-artifacts/<run>/<path>}. */
    void keep(String runId, String path, Path file, String reason) throws IOException {
        Path folder = filesOf(runsFolder, runId);
        Path target = folder.resolve(path);
        Files.createDirectories(target.getParent());
        Files.move(file, target, StandardCopyOption.REPLACE_EXISTING);
        tell("run " + runId + ": artifacts stay in " + folder + " because " + reason);
    }

    /** Removes a spool that has been sent, but keeps its journal if lines of it were damaged: a person may read more in them. */
    void tidy(Spool spool, int damaged) throws IOException {
        if (damaged > 0) {
            Path kept = runsFolder.resolve("rejected").resolve(spool.folder().getFileName() + ".journal");
            Files.createDirectories(kept.getParent());
            Files.copy(spool.folder().resolve("journal"), kept, StandardCopyOption.REPLACE_EXISTING);
            tell("run " + spool.label() + ": damaged lines of its journal could not be sent: " + damaged
                    + "; the journal is kept in " + kept);
        }
        spool.delete();
    }

    /** Writes an item down in {@code <runs>/rejected/<run>.jsonl}. */
    void reject(String runId, Batch item, String reason) throws IOException {
        Path file = runsFolder.resolve("rejected").resolve(runId + ".jsonl");
        Files.createDirectories(file.getParent());
        ObjectNode line = MAPPER.createObjectNode();
        item.metrics()
                .forEach(metric -> line.put("metric", metric.getKey())
                        .put("step", metric.getStep())
                        .put("timestamp", metric.getTimestamp())
                        .put("value", metric.getValue()));
        item.params().forEach(param -> line.put("param", param.getKey()).put("value", param.getValue()));
        item.tags().forEach(tag -> line.put("tag", tag.getKey()).put("value", tag.getValue()));
        line.put("reason", reason);
        Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        tell("run " + runId + ": the server does not take its " + item.describe() + " (kept in " + file + "): "
                + reason);
    }
}
