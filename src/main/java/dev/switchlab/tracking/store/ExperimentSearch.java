package dev.switchlab.tracking.store;

import dev.switchlab.tracking.store.Comparison.Entity;
import dev.switchlab.tracking.store.Comparison.Operator;
import dev.switchlab.tracking.store.Experiments.Experiment;
import dev.switchlab.tracking.store.FilterParser.Order;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** An experiments/search request as one SQL query. All values are bound parameters; column names come from the table here. */
final class ExperimentSearch {
    private static final Map<String, String> NUMBERS =
            Map.of("creation_time", "experiments.creation_time", "last_update_time", "experiments.last_update_time");
    private static final String NAME = "experiments.name";
    private static final String ID = "experiments.experiment_id";

    private final List<Object> arguments = new ArrayList<>();
    private final List<String> conditions = new ArrayList<>();
    private final List<String> orders = new ArrayList<>();

    private ExperimentSearch() {}

    /** The query for these request fields. */
    static ExperimentSearch of(String filter, List<String> orderBy, List<String> stages) {
        ExperimentSearch search = new ExperimentSearch();
        search.conditions.add(
                "experiments.lifecycle_stage IN (" + String.join(", ", Collections.nCopies(stages.size(), "?")) + ")");
        search.arguments.addAll(stages);
        FilterParser.filter(filter).forEach(search::require);
        List<String> clauses = orderBy.isEmpty() ? List.of("creation_time DESC", "experiment_id ASC") : orderBy;
        FilterParser.orders(clauses).forEach(search::orderBy);
        if (search.orders.stream().noneMatch(order -> order.startsWith(ID))) {
            search.orders.add(ID + " DESC");
        }
        return search;
    }

    List<Experiment> run(Session session, long limit, long offset) throws SQLException {
        String sql = "SELECT " + Experiments.COLUMNS + " FROM experiments WHERE " + String.join(" AND ", conditions)
                + " ORDER BY " + String.join(", ", orders) + " LIMIT ? OFFSET ?";
        List<Object> bound = new ArrayList<>(arguments);
        bound.add(limit);
        bound.add(offset);
        return session.list(sql, Experiments::read, bound.toArray());
    }

    private void require(Comparison comparison) {
        String key = comparison.subject().key();
        if (comparison.subject().entity() == Entity.TAG) {
            comparison.requireText(Operator.FOR_TEXT);
            conditions.add(ID + " IN (SELECT experiment_id FROM experiment_tags WHERE key = ? AND "
                    + comparison.sql("experiment_tags.value") + ")");
            arguments.add(key);
        } else if (comparison.subject().entity() != Entity.ATTRIBUTE) {
            throw ApiException.invalid("Invalid entity type '"
                    + comparison.subject().entity() + "'. Valid entity types are 'attribute', 'tag', 'tags'");
        } else if (key.equals("name")) {
            comparison.requireText(Operator.FOR_TEXT);
            conditions.add(comparison.sql(NAME));
        } else if (NUMBERS.containsKey(key)) {
            comparison.requireNumber();
            conditions.add(comparison.sql(NUMBERS.get(key)));
        } else {
            throw invalidKey(key, "'name', 'creation_time', 'last_update_time'");
        }
        arguments.addAll(comparison.arguments());
    }

    private void orderBy(Order order) {
        String key = order.subject().key();
        String column;
        if (order.subject().entity() != Entity.ATTRIBUTE) {
            throw ApiException.invalid(
                    "Invalid order_by entity: " + order.subject().entity());
        } else if (key.equals("name")) {
            column = NAME;
        } else if (key.equals("experiment_id")) {
            column = ID;
        } else if (NUMBERS.containsKey(key)) {
            column = NUMBERS.get(key);
        } else {
            throw invalidKey(key, "'name', 'experiment_id', 'creation_time', 'last_update_time'");
        }
        orders.add(column + (order.ascending() ? " ASC" : " DESC"));
    }

    private static ApiException invalidKey(String key, String allowed) {
        return ApiException.invalid("Invalid attribute key '" + key + "' specified. Valid keys are " + allowed);
    }
}
