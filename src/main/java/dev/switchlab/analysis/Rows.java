package dev.switchlab.analysis;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.LongColumn;
import tech.tablesaw.api.StringColumn;

/**
 * Makes the columns of a table from its rows.
 *
 * @param <T> what one row is about
 */
public record Rows<T>(List<T> rows) {

    /** A column of text. */
    public StringColumn text(String name, Function<T, String> value) {
        return StringColumn.create(name, rows.stream().map(value).toList());
    }

    /** A column of whole numbers. */
    public IntColumn count(String name, ToIntFunction<T> value) {
        return IntColumn.create(name, rows.stream().mapToInt(value).toArray());
    }

    /** A column of steps. */
    LongColumn steps(String name, ToLongFunction<T> value) {
        return LongColumn.create(name, rows.stream().mapToLong(value).toArray());
    }

    /** A column of numbers; NaN is a missing value. */
    public DoubleColumn number(String name, ToDoubleFunction<T> value) {
        return DoubleColumn.create(name, rows.stream().mapToDouble(value).toArray());
    }
}
