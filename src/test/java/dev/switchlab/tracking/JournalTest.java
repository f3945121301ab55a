package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal gives back what was written, whatever was done to its file. */
final class JournalTest {
    private static final List<Event> EVENTS = List.of(
            new Event.Start("key", "http://lab", "smoke", "ada", 1L, Map.of("mlflow.runName", "größe\n\"x\"")),
            new Event.Params(Map.of("a", "1")),
            new Event.Metrics(
                    7, 1_700_000_000_000L, Map.of("nan", Double.NaN, "inf", Double.NEGATIVE_INFINITY, "x", 0.1 + 0.2)),
            new Event.Artifact("a/b.txt", "000001"),
            new Event.Input(new Dataset("d", "0123", "file.txt", "training")),
            new Event.Resume(3),
            new Event.Tags(Map.of("t", "")),
            new Event.Finish(RunStatus.KILLED, 9L));

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("journal");
    }

    private void write(List<Event> events) throws IOException {
        try (Journal journal = new Journal(file())) {
            journal.append(events);
        }
    }

    private List<Event> read() throws IOException {
        try (Journal journal = new Journal(file());
                Journal.Reader reader = journal.reader(0)) {
            return all(reader);
        }
    }

    private static List<Event> all(Journal.Reader reader) throws IOException {
        List<Event> events = new ArrayList<>();
        for (Optional<Event> next = reader.next(); next.isPresent(); next = reader.next()) {
            events.add(next.get());
        }
        return events;
    }

    @Test
    void everyKindOfEventReadsBackAsItWas() throws IOException {
        write(EVENTS);
        assertThat(read()).isEqualTo(EVENTS);
    }

    @Test
    void aLineCutAnywhereIsGoneAndTheNextOneIsWhole() throws IOException {
        write(EVENTS.subList(0, 2));
        byte[] whole = Files.readAllBytes(file());
        int secondLine = new String(whole, StandardCharsets.ISO_8859_1).indexOf('\n') + 1;
        for (int length = secondLine; length < whole.length; length++) {
            Files.write(file(), Arrays.copyOf(whole, length));
            write(List.of(EVENTS.get(3)));
            assertThat(read()).containsExactly(EVENTS.get(0), EVENTS.get(3));
        }
    }

    @Test
    void aDamagedLineIsSkippedAndCounted() throws IOException {
        write(EVENTS);
        byte[] bytes = Files.readAllBytes(file());
        // Still JSON, and still an event: only the checksum tells that it is another one.
        int place = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\"a\":\"1\"");
        bytes[place + 5] = '2';
        Files.write(file(), bytes);
        try (Journal journal = new Journal(file());
                Journal.Reader reader = journal.reader(0)) {
            List<Event> expected = new ArrayList<>(EVENTS);
            expected.remove(1);
            assertThat(all(reader)).isEqualTo(expected);
            assertThat(reader.damaged()).isEqualTo(1);
        }
    }

    @Test
    void aReaderGoesOnWhereAnotherStoppedAndSeesWhatIsAdded() throws IOException {
        try (Journal journal = new Journal(file())) {
            journal.append(EVENTS.subList(0, 3));
            try (Journal.Reader first = journal.reader(0)) {
                assertThat(first.next()).contains(EVENTS.get(0));
                try (Journal.Reader second = journal.reader(first.offset())) {
                    assertThat(all(second)).isEqualTo(EVENTS.subList(1, 3));
                    assertThat(second.next()).isEmpty();
                    journal.append(EVENTS.subList(3, 5));
                    assertThat(all(second)).isEqualTo(EVENTS.subList(3, 5));
                    assertThat(second.offset()).isEqualTo(journal.length());
                }
            }
        }
    }

    @Test
    void aDiskThatTakesNoMoreIsToldAtTheNextCall() throws IOException {
        Spool spool = Spool.create(folder, "key", (Event.Start) EVENTS.get(0));
        SpoolWriter writer = new SpoolWriter(spool, Duration.ofMillis(50));
        writer.append(List.of(EVENTS.get(1)));
        writer.sync();
        writer.put(() -> {
            throw new IOException("No space left on device");
        });
        assertThatThrownBy(writer::sync)
                .isInstanceOf(TrackingException.class)
                .hasMessage("cannot write to " + spool.folder()
                        + ": No space left on device; what was logged before is kept there");
        assertThatThrownBy(() -> writer.append(List.of(EVENTS.get(2)))).isInstanceOf(TrackingException.class);
        writer.close();
        spool.close();
        assertThat(Spool.open(spool.folder()).orElseThrow().journal().length())
                .isEqualTo(Files.size(spool.folder().resolve("journal")));
    }

    @Test
    void aSpoolWhoseBeginningIsDamagedIsRefusedInOneLine() throws IOException {
        Spool spool = Spool.create(folder, "key", (Event.Start) EVENTS.get(0));
        spool.close();
        Files.writeString(spool.folder().resolve("journal"), "garbage\n");
        assertThatThrownBy(() -> Spool.open(spool.folder()))
                .isInstanceOf(IOException.class)
                .hasMessage("the beginning of " + spool.folder().resolve("journal") + " is damaged");
        assertThat(Spool.isOpen(spool.folder())).isFalse();
    }
}
