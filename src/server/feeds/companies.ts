export interface Company {
  readonly symbol: string;
  readonly name: string;
  /** The opening price. */
  readonly opening: number;
  /** How often it trades, against the others. */
  readonly weight: number;
  /** Deviation of the logarithm of its price after one second, outside the opening. */
  readonly volatility: number;
}

/** The simulated market. Every company is made up. */
export const COMPANIES: readonly Company[] = [
  { symbol: "ACME", name: "Acme Anvils", opening: 184.2, weight: 5, volatility: 0.0006 },
  { symbol: "BRYL", name: "Beryl & Loam", opening: 42.75, weight: 2, volatility: 0.0004 },
  { symbol: "CORVX", name: "Corvex Optics", opening: 311.4, weight: 4, volatility: 0.0007 },
  { symbol: "DRFT", name: "Driftwood Foods", opening: 27.18, weight: 3, volatility: 0.0003 },
  { symbol: "EMBR", name: "Ember Heating", opening: 63.9, weight: 2, volatility: 0.0005 },
  { symbol: "FJRD", name: "Fjord Lines", opening: 95.35, weight: 3, volatility: 0.0004 },
  { symbol: "GLDR", name: "Gilder Paper", opening: 18.62, weight: 1, volatility: 0.0003 },
  { symbol: "HXA", name: "Hexa Tooling", opening: 132.08, weight: 3, volatility: 0.0005 },
  { symbol: "INKW", name: "Inkwell Press", opening: 9.44, weight: 1, volatility: 0.0008 },
  { symbol: "JUNO", name: "Juniper North", opening: 77.5, weight: 2, volatility: 0.0004 },
  { symbol: "KITE", name: "Kitehawk Air", opening: 51.27, weight: 4, volatility: 0.0007 },
  { symbol: "LMNL", name: "Luminal Glass", opening: 148.66, weight: 3, volatility: 0.0005 },
  { symbol: "MOSS", name: "Mossfield Farms", opening: 33.81, weight: 2, volatility: 0.0003 },
  { symbol: "NRTH", name: "Northgate Rail", opening: 88.12, weight: 3, volatility: 0.0003 },
  { symbol: "ORBT", name: "Orbitalis", opening: 402.9, weight: 5, volatility: 0.0009 },
  { symbol: "PLUM", name: "Plumbline Homes", opening: 56.04, weight: 2, volatility: 0.0004 },
  { symbol: "QRTZ", name: "Quartzite Mining", opening: 21.7, weight: 4, volatility: 0.0008 },
  { symbol: "RVR", name: "Riverbend Power", opening: 69.33, weight: 2, volatility: 0.0002 },
  { symbol: "SALT", name: "Saltmarsh Brewing", opening: 14.95, weight: 2, volatility: 0.0005 },
  { symbol: "TNDR", name: "Tundra Robotics", opening: 226.48, weight: 5, volatility: 0.001 },
];
