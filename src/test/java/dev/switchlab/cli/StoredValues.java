package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.fake.BookRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a run left in the book, as two runs that should be equal are compared. */
final class StoredValues {

    private StoredValues() {}

    /** Everything but timings and the machine's load, which also must not be there twice. */
    static Map<String, SortedMap<Long, Double>> values(BookRows book, String run) {
        Map<String, SortedMap<Long, Double>> values = new TreeMap<>();
        for (BookRows.Point point : book.points(run)) {
            boolean timing = MetricNames.isNotCompared(point.key());
            Double before = values.computeIfAbsent(point.key(), key -> new TreeMap<>())
                    .put(point.step(), timing ? 0.0 : point.value());
            assertThat(before)
                    .as("%s at step %d is there twice", point.key(), point.step())
                    .isNull();
        }
        values.keySet().removeIf(key -> key.startsWith("system/"));
        return values;
    }

    /** Samples and the routing of the fixed text. */
    static Map<String, String> texts(BookRows book, String run) throws IOException {
        return book.artifacts(run).entrySet().stream()
                .filter(file ->
                        file.getKey().startsWith("routing/") || file.getKey().startsWith("samples/"))
                .collect(Collectors.toMap(
                        Map.Entry::getKey, file -> new String(file.getValue(), StandardCharsets.UTF_8)));
    }

    /** Asserts that two runs that trained are equal to the bit, and both finished. */
    static void assertSame(BookRows book, String run, BookRows otherBook, String other) throws IOException {
        assertThat(values(book, run)).as("metrics of " + run).isEqualTo(values(otherBook, other));
        for (String tag : new String[] {"switchlab.weights_sha256", "switchlab.metrics_sha256"}) {
            assertThat(book.tags(run).get(tag))
                    .as(tag)
                    .isNotNull()
                    .isEqualTo(otherBook.tags(other).get(tag));
        }
        assertThat(book.status(run)).isEqualTo("FINISHED");
        assertThat(texts(book, run)).isEqualTo(texts(otherBook, other));
    }
}
