package dev.switchlab.tracking.store;

import dev.switchlab.tracking.store.Comparison.Entity;
import dev.switchlab.tracking.store.Comparison.Operator;
import dev.switchlab.tracking.store.Comparison.Subject;
import dev.switchlab.tracking.store.FilterParser.Order;
import dev.switchlab.tracking.store.Runs.Run;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A runs/search request as one SQL query. All values are bound parameters; column names come from the tables here.
 *
 * <p>As in MLflow's SQLite store: a clause on a key that a run lacks does not match, {@code !=} included; metrics compare by their stored
 * value, so NaN counts as 0; in either direction of an order, NaN comes after the numbers and a missing key after NaN; ties go to the
 * later start, then to the smaller run id.
 */
final class RunSearch {
    private static final Map<String, String> TEXT_ATTRIBUTES = Map.of(
            "run_id", "runs.run_uuid",
            "run_name", "runs.name",
            "status", "runs.status",
            "user_id", "runs.user_id",
            "artifact_uri", "runs.artifact_uri");
    private static final Map<String, String> NUMBER_ATTRIBUTES =
            Map.of("start_time", "runs.start_time", "end_time", "runs.end_time");
    private static final Map<String, String> ALIASES = Map.of(
            "created", "start_time",
            "Created", "start_time",
            "run name", "run_name",
            "Run name", "run_name",
            "Run Name", "run_name",
            "run_uuid", "run_id");
    private static final Subject START_TIME = new Subject(Entity.ATTRIBUTE, "start_time");
    private static final String DATASET_CONTEXT_TAG = "mlflow.data.context";

    private final List<Object> joinArguments = new ArrayList<>();
    private final StringBuilder joins = new StringBuilder();
    private final List<Object> conditionArguments = new ArrayList<>();
    private final List<String> conditions = new ArrayList<>();
    private final List<String> orders = new ArrayList<>();

    private RunSearch() {}

    /** The query for these request fields. */
    static RunSearch of(List<String> experimentIds, String filter, List<String> orderBy, List<String> stages) {
        RunSearch search = new RunSearch();
        List<Object> ids = new ArrayList<>();
        for (String id : experimentIds) {
            if (id.matches("\\d{1,18}")) {
                ids.add(Long.valueOf(id));
            }
        }
        search.requireIn("runs.experiment_id", ids);
        search.requireIn("runs.lifecycle_stage", List.copyOf(stages));
        FilterParser.filter(filter).forEach(search::require);
        search.orderBy(FilterParser.orders(orderBy));
        return search;
    }

    List<Run> run(Session session, long limit, long offset) throws SQLException {
        String sql = "SELECT " + Runs.COLUMNS.replaceAll("(\\w+)", "runs.$1") + " FROM runs" + joins + " WHERE "
                + String.join(" AND ", conditions) + " ORDER BY " + String.join(", ", orders) + " LIMIT ? OFFSET ?";
        List<Object> arguments = new ArrayList<>(joinArguments);
        arguments.addAll(conditionArguments);
        arguments.add(limit);
        arguments.add(offset);
        return session.list(sql, Runs::read, arguments.toArray());
    }

    private void requireIn(String column, List<Object> values) {
        conditions.add(column + " IN (" + String.join(", ", Collections.nCopies(values.size(), "?")) + ")");
        conditionArguments.addAll(values);
    }

    private void require(Comparison comparison) {
        String key = comparison.subject().key();
        switch (comparison.subject().entity()) {
            case METRIC -> {
                comparison.requireNumber();
                requireKeyed("latest_metrics", key, comparison);
            }
            case PARAMETER -> {
                comparison.requireText(Operator.FOR_TEXT);
                requireKeyed("params", key, comparison);
            }
            case TAG -> {
                comparison.requireText(Operator.FOR_TEXT);
                requireKeyed("tags", key, comparison);
            }
            case DATASET -> requireDataset(comparison);
            case ATTRIBUTE -> requireAttribute(comparison);
        }
    }

    private void requireKeyed(String table, String key, Comparison comparison) {
        conditions.add("runs.run_uuid IN (SELECT run_uuid FROM " + table + " WHERE key = ? AND "
                + comparison.sql(table + ".value") + ")");
        conditionArguments.add(key);
        conditionArguments.addAll(comparison.arguments());
    }

    private void requireAttribute(Comparison comparison) {
        String name = attribute(comparison.subject().key());
        if (NUMBER_ATTRIBUTES.containsKey(name)) {
            comparison.requireNumber();
            conditions.add(comparison.sql(NUMBER_ATTRIBUTES.get(name)));
            conditionArguments.addAll(comparison.arguments());
            return;
        }
        comparison.requireText(Operator.FOR_TEXT_OR_LISTS);
        if (name.equals("run_name")) {
            // The tag is the truth: stores that old MLflow versions began have no name in the runs table.
            requireKeyed("tags", Tags.RUN_NAME, comparison);
            return;
        }
        conditions.add(comparison.sql(TEXT_ATTRIBUTES.get(name)));
        conditionArguments.addAll(comparison.arguments());
    }

    private void requireDataset(Comparison comparison) {
        comparison.requireText(Operator.FOR_TEXT_OR_LISTS);
        String inputs = "runs.run_uuid IN (SELECT destination_id FROM inputs"
                + " JOIN datasets ON datasets.dataset_uuid = inputs.source_id";
        switch (comparison.subject().key()) {
            case "name" -> conditions.add(inputs + " WHERE " + comparison.sql("datasets.name") + ")");
            case "digest" -> conditions.add(inputs + " WHERE " + comparison.sql("datasets.digest") + ")");
            case "context" -> {
                conditions.add(inputs + " JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid"
                        + " WHERE input_tags.name = ? AND " + comparison.sql("input_tags.value") + ")");
                conditionArguments.add(DATASET_CONTEXT_TAG);
            }
            default ->
                throw ApiException.invalid("Invalid dataset key '"
                        + comparison.subject().key() + "' specified. Valid keys are 'name', 'digest', 'context'");
        }
        conditionArguments.addAll(comparison.arguments());
    }

    private void orderBy(List<Order> clauses) {
        Set<Subject> seen = new HashSet<>();
        for (Order clause : clauses) {
            Subject subject = clause.subject();
            if (subject.entity() == Entity.ATTRIBUTE) {
                subject = new Subject(Entity.ATTRIBUTE, attribute(subject.key()));
            }
            if (!seen.add(subject)) {
                throw ApiException.invalid(
                        "`order_by` contains duplicate fields: " + subject.entity() + "." + subject.key());
            }
            String direction = clause.ascending() ? " ASC" : " DESC";
            String column = column(subject);
            // SQLite puts NULL first in ascending order; the leading term puts it last in both.
            orders.add(
                    subject.entity() == Entity.METRIC
                            ? "CASE WHEN " + column + " IS NULL THEN 2 ELSE " + column.replace(".value", ".is_nan")
                                    + " END"
                            : column + " IS NULL");
            orders.add(column + direction);
        }
        if (!seen.contains(START_TIME)) {
            orders.add("runs.start_time DESC");
        }
        orders.add("runs.run_uuid ASC");
    }

    /** The column to order by; joins the table that holds it. */
    private String column(Subject subject) {
        String table = switch (subject.entity()) {
            case METRIC -> "latest_metrics";
            case PARAMETER -> "params";
            case TAG -> "tags";
            case ATTRIBUTE -> "runs";
            case DATASET ->
                throw ApiException.invalid("Invalid order_by entity: dataset; allowed: metric, parameter,"
                        + " tag, attribute, e.g. metrics.loss ASC");
        };
        if (subject.entity() == Entity.ATTRIBUTE) {
            return Optional.ofNullable(NUMBER_ATTRIBUTES.get(subject.key()))
                    .orElseGet(() -> TEXT_ATTRIBUTES.get(subject.key()));
        }
        String alias = "ordered" + orders.size();
        joins.append(" LEFT JOIN " + table + " AS " + alias + " ON " + alias + ".run_uuid = runs.run_uuid AND " + alias
                + ".key = ?");
        joinArguments.add(subject.key());
        return alias + ".value";
    }

    private static String attribute(String key) {
        String name = ALIASES.getOrDefault(key, key);
        if (!TEXT_ATTRIBUTES.containsKey(name) && !NUMBER_ATTRIBUTES.containsKey(name)) {
            throw ApiException.invalid(
                    "Invalid attribute key '" + key + "' specified. Valid keys are 'run_id', 'run_name',"
                            + " 'status', 'user_id', 'artifact_uri', 'start_time', 'end_time'");
        }
        return name;
    }
}
