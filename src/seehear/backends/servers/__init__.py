"""Models on servers: names, finding and asking servers, their clients, what calls take and cost."""
